# ruff: noqa: E501 - lines as the programs wrote them
"""HTML as mail programs and editors write it, each with one field broken the way that program breaks it.

A sample is what stands before the field, the field as the editor left it, the markup that was inside it (it
comes out right after the value), and what follows.
"""

from typing import NamedTuple


class Sample(NamedTuple):
    name: str
    before: str
    field: str
    kept: str
    after: str


SAMPLES = [
    Sample("plain", "<p>Dear ", "{{ First name }}", "", ",</p>"),
    Sample(
        "Outlook for Windows",
        "<html xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head>"
        "<meta http-equiv=Content-Type content=\"text/html; charset=utf-8\"><meta name=Generator content=\"Microsoft Word 15 "
        "(filtered medium)\"><!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--\n"
        "/* Font Definitions */\n@font-face\n\t{font-family:\"Cambria Math\";\n\tpanose-1:2 4 5 3 5 4 6 3 2 4;}\n--></style>"
        "<!--[if gte mso 9]><xml>\n<o:shapedefaults v:ext=\"edit\" spidmax=\"1026\" />\n</xml><![endif]--></head>\r\n"
        "<body lang=DE link=\"#0563C1\" vlink=\"#954F72\" style='word-wrap:break-word'><p class=MsoNormal><span lang=EN-US>Dear ",
        "{{<span class=SpellE>First</span>&nbsp;name}}",
        "<span class=SpellE></span>",
        ",<o:p></o:p></span></p><p class=MsoNormal><o:p>&nbsp;</o:p></p></body></html>",
    ),
    Sample(
        "Word, spell-check marks and a run boundary",
        "<p class=MsoNormal style='mso-margin-top-alt:auto'><b style='mso-bidi-font-weight:normal'>",
        "{<span style='mso-spacerun:yes'>{</span> <span class=GramE>First</span> <span\nlang=EN-GB>name }</span>}",
        "<span style='mso-spacerun:yes'></span><span class=GramE></span><span\nlang=EN-GB></span>",
        "</b></p>",
    ),
    Sample(
        "new Outlook",
        "<div class=\"elementToProof\" style=\"font-family: Aptos, Arial; font-size: 12pt; color: rgb(0, 0, 0);\">Hi ",
        "{{ First<span style=\"letter-spacing: 0px;\">&nbsp;</span>name }}",
        "<span style=\"letter-spacing: 0px;\"></span>",
        "</div><div class=\"elementToProof\"><br></div>",
    ),
    Sample("Outlook on the web", "<div>Hi&nbsp;", "{{&nbsp;First&nbsp;name&nbsp;}}", "", ",<br></div><div><br></div>"),
    Sample(
        "Gmail",
        "<div dir=\"ltr\"><div>Hello ",
        "{{ First <wbr>name }}",
        "<wbr>",
        "</div><div class=\"gmail_quote\"><blockquote style=\"margin:0 0 0 .8ex\">> old</blockquote></div></div>",
    ),
    Sample(
        "Apple Mail",
        "<html><head></head><body style=\"overflow-wrap: break-word; -webkit-nbsp-mode: space;\"><span style=\"caret-color: "
        "rgb(0, 0, 0);\">Hi ",
        "{{ First<span class=\"Apple-converted-space\">&nbsp;</span>name }}",
        "<span class=\"Apple-converted-space\"></span>",
        "</span></body></html>",
    ),
    Sample(
        "Thunderbird",
        "<html>\n  <head>\n\n    <meta http-equiv=\"content-type\" content=\"text/html; charset=UTF-8\">\n  </head>\n  <body>\n"
        "    <p>Hello ",
        "{{ First\n      name }}",
        "",
        ",<br>\n    </p>\n    <div class=\"moz-signature\">-- <br>\n      Ana &amp; Co</div>\n  </body>\n</html>",
    ),
    Sample("Squire, bold from the middle", "<div>Hi ", "{{ Fir<b>st name }}", "<b>", "!</b><br></div>"),
    Sample("soft hyphen and zero width", "<td width=\"50%\">", "{{ Fi&shy;rst\u200b na&#8203;me }}", "", "</td>"),
    Sample("escaped quotes", "<p>", "{{ First name | default: &quot;friend&quot; }}", "", "</p>"),
    Sample("curly quotes", "<p>", "{{ First name | default: “friend” }}", "", "</p>"),
    Sample("German quotes", "<p>", "{{ First name | default: „friend“ }}", "", "</p>"),
    Sample("decomposed letters and case", "<p>", "{{ FIRST  NAME }}", "", "</p>"),
    Sample("an empty Word paragraph mark inside", "<p class=MsoNormal>", "{{ First name<o:p></o:p> }}", "<o:p></o:p>", "</p>"),
    Sample("bookmark", "<p>", "{<a name=\"_GoBack\"></a>{ First name }}", "<a name=\"_GoBack\"></a>", "</p>"),
    Sample("after revealed conditional comments", "<!--[if !mso]><!--><b>", "{{ First name }}", "", "</b><!--<![endif]-->"),
    Sample(
        "inside VML for Outlook",
        "<!--[if mso]><v:roundrect xmlns:v=\"urn:schemas-microsoft-com:vml\" arcsize=\"10%\" fillcolor=\"#1F3864\"><w:anchorlock/>"
        "<center style='color:#fff'>",
        "{{ First name }}",
        "",
        "</center></v:roundrect><![endif]--><!--[if !mso]><!-- --><a style=\"mso-hide:all\">x</a><!--<![endif]-->",
    ),
    Sample("in an address, percent-encoded", "<a href='mailto:", "%7B%7B%20First%20name%20%7D%7D", "", "'>x</a>"),
    Sample("in an address, blanks encoded", "<a href='mailto:", "{{%20First%20name%20}}", "", "'>x</a>"),
    Sample("in an attribute without quotes", "<td title=", "{{ First name }}", "", " valign=top>x</td>"),
    Sample("with braces that mean nothing", "<p>{ a } }} %} {x} ", "{{ First name }}", "", " }</p><style>a{b:c}}</style>"),
    Sample("beside a comment with a field", "<!-- {{ nothing }} {% if --><p>", "{{ First name }}", "", "</p>"),
]  # fmt: skip
