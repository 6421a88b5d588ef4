"""The rules of the light WAF: few, each for the form that an attack must have in order to work.

A text that is meant to break out of a literal begins with what ends the literal; a name of a file that leads out of a
folder is one word; a filter that is to be closed too early has a bracket too many. Prose about attacks has none of
this, so that most rules (BEGINNINGS) look at the beginning of a text, or at a whole one without blanks. The others
(ANYWHERE) look for what is code wherever it stands; code that Markdown only shows is left out.

A rule's needles are looked for before its patterns, because that costs next to nothing; for a rule that looks
anywhere each needle has a character that prose seldom has. Patterns have no unbounded repetition inside another one.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from target_app.controls.waf_text import Field, prose_of, readings

#: What is a beginning, in characters.
BEGINNING: Final = 256
#: Stands for the rest of a longer text: what must be a whole text without blanks is not one.
CUT: Final = " …"
#: From seldom to frequent: Python finds a single character many times faster than a word.
SELDOM: Final = "\0<{$_@!#%]|\\;&`*()'\"\r\u2028\n=:/."
#: Words, slugs and numbers alone break no rule but those that look for names.
HARMLESS: Final = re.compile(r"[a-z0-9-]*+|[A-Za-z ,!?-]*+\.?|[A-Za-z0-9]{0,11}")
FREE: Final = frozenset({"name", "value", "content"})


class Rule(NamedTuple):
    """A name, what must occur in a text before the pattern is tried, and the places where it applies (none: all)."""

    name: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    places: frozenset[str] = frozenset()


def rule(name: str, needles: str, *patterns: str, places: str = "") -> Rule:
    """Patterns are alternatives; needles and places are separated by blanks."""
    compiled = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.DOTALL)
    return Rule(name, tuple(needles.split(" ")), compiled, frozenset(places.split()))


#: How a statement's literal, number or bracket ends, near the beginning of a text. A quote after a blank opens one.
BREAK = r"""\A(?:[^'"`]{0,30}(?<!\s)['"]|-?\d+(?=[\s)])|[^\s'"`]{0,20}\))[)\s]{0,8}"""
STACKED = r"""\A(?:[^'"`;]{0,30}['"]\)?|-?\d+|(?!begin)\w+)\s*;\s*"""
COMMANDS = (
    r"(?:cat|ls|id|whoami|uname|curl|wget|nc|bash|sh|rm|sleep|ping|ps|type|p?env|printenv|echo|crontab|mkfifo|"
    r"touch|chmod|tee|base64|nslookup|getent|python3?|perl|php|ruby|powershell|cmd|c\\at|/[^\s$]{0,20}[?*/][^\s$]{0,20})"
)
INSIDE = (
    r"(?:127\.|localhost\b|localtest\.me|0\.0\.0\.0|10\.\d|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|"
    r"100\.100\.100\.200|\[::|0x[0-9a-f]{2}|0\d+\.|\d{8,10}(?:[/:]|\Z)|metadata\.|kubernetes\.default)"
)
SYSTEM = (
    r"(?:etc/\w|proc/(?:self|\d+)/|var/(?:log|lib|run)/|root/|run/secrets|\.ssh/|\.aws/|\.env\Z|\.git/|windows[/\\]|"
    r"boot\.ini|usr/(?:local/)?etc/)"
)
SCRIPT_FILE = r"\.(?:php\d?|phtml|jspx?|aspx?"
SCANNERS = (
    "sqlmap nikto nuclei wpscan gobuster fuzz masscan zgrab ferox dirbuster wfuzz arachni w3af nmap acunetix nessus "
    "openvas zaproxy"
)

BEGINNINGS: Final = (
    rule("nul", "\0", r"\0", places="path name value header file_name"),
    rule(
        "sql_break_out",
        "' \" )",
        BREAK + r"(?:or|and|\|\||&&|xor)\s*[()'\"\w.\s]{0,60}?(?:[=<>]|\b(?:like|is|in|between)\b|\(\s*select\b)",
        BREAK + r"(?:or|and|\|\|)\s*\(?\s*(?:select|exists|(?:pg_)?sleep|substr|substring|ascii|extractvalue)\b",
        BREAK + r"(?:union|having|order\s+by|group\s+by|procedure|rlike|into\s+(?:out|dump)file)\b",
    ),
    rule("sql_union", "union", r"\A[^`]{0,40}[\d'\")]\s*\)*\s*union\s+(?:all\s+|distinct\s+)?select\b"),
    rule(
        "sql_stacked",
        ";",
        STACKED + r"(?:drop|alter|create|truncate)\s+(?:table|database|view|index|user)\b",
        STACKED + r"(?:delete\s+from|insert\s+into|update\s+\w+\s+set|waitfor\s+delay|attach\s+database|exec\s+\w)",
        STACKED + r"(?:select\b.{0,80}\(|copy\s+\w+\s+(?:to|from)\b|declare\s+@)",
    ),
    rule("attribute", "=", r"\A[^<]{0,40}[\"'`)][^<>=]{0,40}\bon[a-z]{3,20}\s*="),
    rule("script_url", "script:", r"\A\s*(?:java|vb)script:\S"),
    rule(
        "path",
        "../ ..\\ ..; /etc/ /proc/ /var/ .ssh .aws .env .git/ windows\\ \\\\ /dev/../",
        r"\A\S{0,80}?(?:\.\.+[/\\;]+){2}(?!\S*['\"])\S*\Z",
        r"\A(?!https?://|data:)\S{0,120}?(?:\A|[/\\~])" + SYSTEM + r"\S*\Z",
        r"\A\.\.[/\\](?=\S*\.\w{2,5}\Z)\S*\Z",
        r"\A\\\\\w[\w.]*\\\w",
    ),
    rule(
        "command",
        "; | & ` $( ${ ()",
        r"\A[^\n;|&`$]{0,24}(?:;|\|{1,2}|&{1,2}|`|\n|\$\(|\$\{ifs\})[\s{]*" + COMMANDS + r"(?:[\s;|&`$)<>+]|\Z)",
        r"\A\s*\(\)\s*\{|[|;&]\s*(?:ba|da|z)?sh\s*\Z",
    ),
    rule("template_head", "@( @{ {! {php} {system(", r"\A\s*[@{][({!]\s*\d+\s*\*\s*\d+|\A@\{|\A\{php\}|\A\{system\("),
    rule(
        "inner_address",
        "://",
        r"\A\s*(?:https?|ftp|ldaps?|wss?|jar:https?)://(?:[^/\s@]{0,60}@)?" + INSIDE,
        r"\A\s*(?:gopher|dict|file|netdoc|jar|phar|zip|expect|php|glob|ogg|data|sftp|tftp)(?::[a-z]+)?://",
        r"\A\s*https?://[^/\s#]{1,60}#@|\A\s*https?://[^/\s]{1,80}\.(?:nip|sslip|xip)\.io\b",
    ),
    rule("inner_scheme", "netdoc: jar: data:text/html", r"\A\s*(?:netdoc:|jar:|data:text/html)"),
    rule(
        "directory_filter",
        ")( *)( )) (|( (&( (!(",
        r"\A[^()\s]{0,30}\)+\s*(?:\(|\0)|\A[^()]{0,30}\*\)\)",
        r"\A\(\s*[|&!]\s*\(\w+[~<>]?=",
    ),
    rule("directory_path", "//", r"\A'?\)?\]?\s*\|?\s*[^/]{0,20}//\w+(?:\[\d+\])?(?:/|\))"),
    rule(
        "operator",
        "$",
        r"\A\W{0,4}(?:\w{1,20}\W{1,6})?\"\$(?:n?e|[gl]te?|n?in|regex|where|x?n?or|not|expr|lookup|set|unset|merge|"
        r"accumulator|exists|function|type|comment)\"\s*:",
        r"\A\w{0,20}\[\$[a-z]+\]|\$where\s*[:=]|\"\$(?:where|function|accumulator|nor)\"\s*:",
    ),
    rule(
        "store_script",
        "db. return while(",
        r"\A[^;]{0,20};\s*db\.\w+\.(?:drop|find|remove|update)\w*\(",
        r"\A[^;]{0,3};\s*(?:return|while\()",
    ),
    rule(
        "line_end",
        "\r \n \u2028",
        r"[\r\n\u2028]\s*(?:set-cookie|location|content-(?:type|length|security-policy)|transfer-encoding|x-[a-z-]{3,30}|"
        r"host|status|refresh|link|access-control-[a-z-]+|last-modified|bcc|cc)\s*:",
        r"[\r\n]\s*(?:http/1\.|<script|mail from|config set|flush_all|quit)|http/1\.[01]\r?\n",
    ),
    rule(
        "object",
        "o: a: c: ro0ab aaeaaad gasv posix subprocess builtins java. javax. /wep __wakeup classloader",
        r"\A[oac]:\d+:[\"{]|\Aro0ab|\Aaaeaaad/|\Agasv|\A/wep|\A__wakeup",
        r"\Ac(?:posix|subprocess|os|nt|builtins)\n|\A\s*\[\s*\"(?:javax?|sun|com|org)\.|class\.(?:module\.)?classloader",
    ),
    rule("prototype_name", "prototype", r"\bconstructor\W{1,5}prototype|\bobject\.prototype\.\w+\s*="),
    rule("code_source", "php: eval( .ht", r"(?:\A|=)php:|\beval\(\s*\$_|@eval\(|\A\.ht(?:access|passwd)\Z"),
    rule("script_name", ".php .phtml .jsp .asp", r"\A\w[\w.-]{0,60}" + SCRIPT_FILE + r")(?:[;.]\.?\w{2,5})?\Z"),
    rule("upload_name", ".", SCRIPT_FILE + r"|cgi|exe|sh|bat)(?:[.;%\0]|\Z)", places="file_name"),
    rule("scanner", SCANNERS, "|".join(SCANNERS.split()), places="header"),
    rule(
        "hidden_path",
        "/. .sql .php /wp- /phpmyadmin /actuator/ /cgi-bin/ /server-status /solr/ /vendor/ /web.config /_ignition/ "
        "/hnap1 /id_rsa",
        r"/\.(?:git|env|svn|hg|aws|ds_store|ht)|/wp-(?:login|admin|content|includes)|/phpmyadmin|/actuator/|/cgi-bin/",
        r"\.sql(?:\.\w+)?\Z|/server-status\Z|/solr/|/vendor/|/web\.config|/_ignition/|/hnap1|/id_rsa|\.php\Z",
        places="path",
    ),
)
ANYWHERE: Final = (
    rule(
        "script",
        "< ](javascript:",
        r"<script[\s>/]|\]\(\s*javascript:",
        r"<[a-z!/][^<>]{0,300}?[\s/\"']on[a-z]{3,20}\s*=",
        r"<[^<>]{0,200}?(?:href|src|action|data|content|url)\s*=[^<>]{0,20}?(?:java|vb)script:",
        r"<(?:iframe|object|embed)[^<>]{0,200}?(?:srcdoc|data:text/html)",
        r"<(?:base|link)\s[^<>]{0,80}?href\s*=\s*[\"']?(?:https?:)?//|<meta\s[^<>]{0,40}?http-equiv",
    ),
    rule(
        "template",
        "{{ ${ #{ *{ <% {% #set <#assign",
        r"\{\{[^{}]{0,120}?(?:__|\d\s*\*\s*\d|\bconfig\b|\bconstructor\b|\blipsum\b|\brequest\.|\bcycler\b|filter\(|_self)",
        r"[$#*@]\{[^{}]{0,80}?(?:\d\s*\*\s*\d|t\(|getruntime|#|@|`|system\.)",
        r"<%=?\s*\S|\{%\s*(?:import|include|for\s+\w+\s+in\s+[\[(])|\{\{#with|#set\s*\(\s*\$|<#assign",
    ),
    rule(
        "look_up",
        "${ %{",
        r"\$\{[^{}]{0,60}?(?:jndi|lower:|upper:|:-|(?:env|sys|date|script|dns|url|bundle|main|ctx|java|docker|k8s):)",
        r"%\{\s*(?:\(#|\d+\s*\*)",
    ),
    rule("substitution", "$( ${ifs $ifs", r"\$\(\s*" + COMMANDS + r"[\s)]|\$\{?ifs\b"),
    rule(
        "entity",
        "<! <xi:include <?xml-stylesheet <xsl:",
        r"<!doctype\s[^>]{0,200}?(?:\[|\bsystem\b|\bpublic\b)|<!entity",
        r"<xi:include|<\?xml-stylesheet|<xsl:[^>]{0,100}?document\(",
    ),
    rule(
        "typed_object",
        "!! !ruby !<tag @type $type @class _$$nd_func json_class py/ <java <dynamic-proxy",
        r"!!(?:python|java|com|ruby|org)|!ruby/|!<tag:yaml|\"[@$](?:type|class)\"\s*:|_\$\$nd_func",
        r"\"json_class\"|\"py/(?:object|reduce)\"|<java>|<dynamic-proxy>",
    ),
    rule(
        "prototype",
        "__",
        r"__proto__|__(?:define|lookup)[gs]etter__|__(?:class|globals|subclasses|builtins|mro|base)__|__init__\.",
    ),
    rule("inclusion", "<? <% <jsp: <!--# <script", r"<\?(?:php|=)|<!--#(?:exec|include)|<jsp:|<script[^>]{1,40}php"),
)


class Table:
    """Rules, found by the characters that their needles need."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        keyed: dict[str, list[tuple[str, Rule]]] = {}
        for one in rules:
            for needle in one.needles:
                key = next((character for character in SELDOM if character in needle), "")
                keyed.setdefault(key, []).append((needle, one))
        self._keyed = tuple(keyed.items())

    def broken(self, text: str) -> str | None:
        """The first rule that the text breaks."""
        for character, pairs in self._keyed:
            if character in text:
                for one in dict.fromkeys([one for needle, one in pairs if needle in text]):
                    if one.pattern.search(text):
                        return one.name
        return None


PLACES: Final = ("path", "name", "value", "header", "file_name", "content")
BEGINNINGS_AT: Final = {
    place: Table(one for one in BEGINNINGS if not one.places or place in one.places) for place in PLACES
}
ANYWHERE_AT_ALL: Final = Table(ANYWHERE)


def broken_rule(field: Field) -> str | None:
    """The first rule that one of the text's readings breaks."""
    if field.place in FREE and HARMLESS.fullmatch(field.text):
        return None
    for text in readings(field):
        broken = _broken(field.place, text)
        # Only a text that looks bad is read again, without the code in it.
        if broken is not None and (prose := prose_of(text)) is not None:
            broken = _broken(field.place, prose)
        if broken is not None:
            return broken
    return None


def _broken(place: str, text: str) -> str | None:
    head = text if len(text) <= BEGINNING else text[:BEGINNING] + CUT
    return BEGINNINGS_AT[place].broken(head) or ANYWHERE_AT_ALL.broken(text)
