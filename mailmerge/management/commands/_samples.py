"""What the demo's campaigns are made of: no real person, every address below .example."""

from dataclasses import dataclass

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)

FIRST = ["Jürgen", "Amélie", "Søren", "Zoë", "Łukasz", "Inès", "Björn", "Chloé", "Øyvind", "Françoise", "Müge", "Tomáš"]
LAST = ["Groß", "Lefèvre", "Ångström", "Nuñez", "Kowalski", "D’Amico", "Öztürk", "Novák", "O’Brien", "Sánchez", "Weiß"]
CITY = ["Köln", "Łódź", "Paris", "Århus", "Zürich", "Besançon"]


@dataclass(frozen=True)
class Sample:
    name: str
    header: list[str]
    rows: list[list[str]]
    subject: str
    html: str
    tracking: bool = False


def _person(number: int) -> tuple[str, str, str]:
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    return first, last, f"person{number:03}@northwind.example"


def _letter(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def _guests(count: int, start: int) -> list[list[str]]:
    people = (_person(start + number) for number in range(count))
    return [[first, last, to, CITY[at % len(CITY)]] for at, (first, last, to) in enumerate(people)]


NEWSLETTER = Sample(
    "Spring newsletter",
    ["First name", "Last name", "Email", "City"],
    _guests(24, 0),
    "News for {{ First name }} from the club",
    _letter(
        "Dear {{ First name }},",
        "the new season begins, and in {{ City | default: 'your city' }} we meet on Thursday.",
        '<a href="https://club.example/season?from=mail&amp;year=2026">See the programme</a>',
        "Ana Albrecht",
    ),
    tracking=True,
)
REPORT = Sample(
    "School reports, class 7b",
    ["First name", "Last name", "Email", "City"],
    _guests(31, 40),
    "The report of {{ First name }} {{ Last name }}",
    _letter(
        "Dear parents of {{ First name }},",
        "the report is ready. "
        "{% if City == 'Köln' %}Please collect it in room 12.{% else %}We send it by post.{% endif %}",
        "Kind regards<br>Ana Albrecht",
    ),
)
SALARY = Sample(
    "Salary letters 2026",
    ["Personnel no.", "First name", "Last name", "Email", "From", "Monthly salary"],
    [
        [f"{number:05}", *_person(number)[:2], _person(number)[2], "01.01.2026", f"{3100 + number * 35:,}.00 €"]
        for number in range(60)
    ],
    "Your salary from {{ From }}",
    _letter(
        "Dear {{ First name }} {{ Last name }},",
        "from {{ From }} your monthly salary is <b>{{ Monthly salary }}</b> (personnel number {{ Personnel no. }}).",
        "Thank you for your work.",
    ),
)
INVITATION = Sample(
    "Summer party invitation",
    ["First name", "Last name", "Email", "City"],
    _guests(80, 100),
    "{{ First name }}, you are invited",
    _letter("Dear {{ First name }},", "on 3 July we celebrate in {{ City }}. Bring whom you like."),
    tracking=True,
)
LIVE = Sample(
    "Membership renewal",
    ["First name", "Last name", "Email", "City"],
    _guests(900, 200),
    "{{ First name }}, your membership for 2027",
    _letter(
        "Dear {{ First name }} {{ Last name }},",
        "your membership runs until 31 December. To renew it, one click is enough:",
        '<a href="https://club.example/renew">Renew my membership</a>',
        "The club in {{ City }} says thank you.",
    ),
    tracking=True,
)
