"""Merging: a template and the cells of one row become one mail's texts.

Pure; needs nothing but its arguments.
"""

from campaigns.merge.filters import Languages
from campaigns.merge.problems import Place, Problem, RenderProblem, TemplateProblems
from campaigns.merge.template import Compiled, Rendered, compile_template
from campaigns.merge.usage import Uses

__all__ = [
    "Compiled",
    "Languages",
    "Place",
    "Problem",
    "RenderProblem",
    "Rendered",
    "TemplateProblems",
    "Uses",
    "compile_template",
]
