"""The rules of the light WAF: few, each for the form that an attack must have in order to work.

A text that is meant to break out of a literal begins with what ends the literal; a name of a file that leads out of a
folder is one word; a filter that is to be closed too early has a bracket too many. Prose about attacks has none of
this, so that most rules look at the beginning of a text, or at a text without blanks, instead of at words anywhere.

Each rule has needles, one of which its pattern needs: they are looked for first, because that costs next to nothing.
Patterns have no unbounded repetition inside another one, so that no text makes them slow.
"""

import re
from typing import Final, NamedTuple

from target_app.controls.waf_text import Field, readings


class Rule(NamedTuple):
    """A name for the log, what must occur in a text before the pattern is tried, and where it applies."""

    name: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    #: Empty: everywhere.
    places: frozenset[str] = frozenset()


def rule(name: str, needles: str, *patterns: str, places: str = "") -> Rule:
    """Patterns are alternatives; needles and places are separated by blanks."""
    compiled = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.DOTALL)
    return Rule(name, tuple(needles.split(" ")), compiled, frozenset(places.split()))


#: How a statement's literal, number or bracket ends, near the beginning of a text. A quote after a blank opens one.
BREAK = r"""\A(?:[^'"`]{0,30}(?<!\s)['"]|-?\d+(?=[\s)])|[^\s'"`]{0,20}\))[)\s]{0,8}"""
STACKED = r"""\A(?:[^'"`;]{0,30}['"]\)?|-?\d+|(?!begin)\w+)\s*;\s*"""
COMMANDS = (
    r"(?:cat|ls|id|who(?:ami)?|uname|curl|wget|nc|bash|sh|rm|sleep|ping|ps|type|p?env|printenv|echo|crontab|mkfifo|touch|"
    r"chmod|tee|base64|nslookup|python3?|perl|php|ruby|powershell|cmd|c\\at|/\S*[?*/]\S*)"
)
INSIDE = (
    r"(?:127\.|localhost\b|localtest\.me|0\.0\.0\.0|10\.\d|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|"
    r"100\.100\.100\.200|\[::|0x[0-9a-f]{2}|0\d+\.|\d{8,10}(?:[/:]|\Z)|metadata\.|kubernetes\.default)"
)
SYSTEM = (
    r"(?:etc/(?:\w+\.)?[a-z.]+\Z|etc/\w|proc/(?:self|\d+)/|var/(?:log|lib|run)/|root/|run/secrets|\.ssh/|\.aws/|\.env\Z|"
    r"\.git/|windows[/\\]|boot\.ini|usr/(?:local/)?etc/)"
)
SCANNERS = (
    "sqlmap nikto nuclei wpscan gobuster fuzz masscan zgrab ferox dirbuster wfuzz arachni w3af nmap acunetix nessus "
    "openvas zaproxy httpx/projectdiscovery"
)

#: Words alone break no rule, where none looks for names.
HARMLESS: Final = re.compile(r"[A-Za-z ,!?-]*+\.?")
FREE: Final = frozenset({"name", "value", "content"})

RULES: Final = (
    rule("nul", "\0", r"\0", places="path name value header file_name"),
    rule(
        "sql_break_out",
        "or and || like having order group union",
        BREAK + r"(?:or|and|\|\||&&|xor)\s*[()'\"\w.\s]{0,60}?(?:=|<|>|\blike\b|\bis\b|\bin\b|\bbetween\b|\(\s*select\b)",
        BREAK + r"(?:or|and|\|\|)\s*\(?\s*(?:select|exists|sleep|substr|substring|ascii|extractvalue|updatexml)\b",
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
    rule(
        "script",
        "< javascript: on",
        r"<script[\s>/]",
        r"<[a-z!/][^<>]{0,300}?[\s/\"']on[a-z]{3,20}\s*=",
        r"\A[^<]{0,40}[\"'`)][^<>=]{0,40}\bon[a-z]{3,20}\s*=",
        r"(?:href|src|action|data|content|url)\s*=[^<>]{0,20}?(?:java|vb)script:",
        r"\]\(\s*javascript:",
        r"\A\s*javascript:",
        r"<(?:iframe|object|embed)[^<>]{0,200}?(?:srcdoc|data:text/html)",
        r"<(?:base|link)\s[^<>]{0,80}?href\s*=\s*[\"']?(?:https?:)?//",
        r"<meta\s[^<>]{0,40}?http-equiv",
    ),
    rule(
        "path",
        "../ ..\\ ..; /etc/ /proc/ /var/ /.ssh /.aws .env .git/ windows\\ \\\\ /dev/../ .\\",
        r"\A\S{0,80}?(?:\.\.+[/\\;]+){2}(?!\S*['\"])\S*\Z",
        r"\A(?!https?://|data:)\S{0,120}?(?:\A|[/\\~])" + SYSTEM + r"\S*\Z",
        r"\A\.\.[/\\](?=\S*\.\w{2,5}\Z)\S*\Z",
        r"\A\\\\\w[\w.]*\\\w",
    ),
    rule(
        "command",
        "; | & ` $( ${ () /dev/tcp",
        r"\A[^\n;|&`$]{0,24}(?:;|\|{1,2}|&{1,2}|`|\n|\$\(|\$\{ifs\})[\s{]*" + COMMANDS + r"(?:[\s;|&`$,)<>]|\Z)",
        r"\$\(\s*" + COMMANDS + r"[\s)]",
        r"\$\{ifs\}|/dev/tcp/|\A\s*\(\)\s*\{",
        r"[|;&]\s*(?:ba|da|z)?sh\s*\Z",
    ),
    rule(
        "template",
        "{{ ${ #{ *{ <% @( @{ {% #set {php} {system #assign {!",
        r"\{\{[^}]{0,120}?(?:__|\d\s*\*\s*\d|\bconfig\b|\bconstructor\b|\blipsum\b|\brequest\.|\bcycler\b|filter\(|_self)",
        r"[$#*@]\{[^}]{0,80}?(?:\d\s*\*\s*\d|t\(|getruntime|#|@|`|system\.)",
        r"<%=?\s*\S|\{%\s*(?:import|include|for\s+\w+\s+in\s+[\[(])|\{\{#with",
        r"\A\s*[@{][({!]\s*\d+\s*\*\s*\d+|\{php\}|\{system\(|#set\s*\(\s*\$|<#assign",
    ),
    rule(
        "look_up",
        "${ %{",
        r"\$\{[^}]{0,60}?(?:jndi|lower:|upper:|::-|:-|env:|sys:|date:|script:|dns:|url:|bundle:|main:|ctx:|java:|docker:|k8s:)",
        r"%\{\s*(?:\(#|\d+\s*\*)",
    ),
    rule(
        "inner_address",
        "://",
        r"\A\s*(?:https?|ftp|ldaps?|wss?|jar:https?)://(?:[^/\s@]{0,60}@)?" + INSIDE,
        r"\A\s*(?:gopher|dict|file|netdoc|jar|phar|zip|expect|php|glob|ogg|data|sftp|tftp)(?::[a-z]+)?://",
        r"\A\s*https?://[^/\s#]{1,60}#@|\A\s*https?://[^/\s]{1,80}\.(?:nip|sslip|xip)\.io\b",
    ),
    rule("inner_scheme", "netdoc: jar: data:text/html", r"\A\s*(?:netdoc:|jar:|data:text/html)"),
    rule(
        "entity",
        "<! xi:include <?xml-stylesheet document(",
        r"<!doctype\s[^>]{0,200}?(?:\[|\bsystem\b|\bpublic\b)|<!entity",
        r"<xi:include|<\?xml-stylesheet|document\(\s*['\"]",
    ),
    rule(
        "directory_filter",
        ")( *)( ))",
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
        r"[\r\n\u2028]\s*(?:set-cookie|location|content-(?:type|length|security-policy)|transfer-encoding|x-[a-z-]{3,30}|host|"
        r"status|refresh|link|access-control-[a-z-]+|last-modified|bcc|cc)\s*:",
        r"[\r\n]\s*(?:http/1\.|<script|mail from|config set|flush_all|quit)",
        r"http/1\.[01]\r?\n",
    ),
    rule(
        "object",
        "!! !ruby o: a: c: ro0ab aaeaaad gasv posix subprocess @type $type @class java. javax. nd_func py/ json_class <java bah /wep classloader",
        r"\A[oac]:\d+:[\"{]|!!(?:python|java|com|ruby|org)|!ruby/|tag:yaml\.org,2002:python|\Aro0ab|\Aaaeaaad/|\Agasv",
        r"\Ac(?:posix|subprocess|os|nt|builtins)\n|\"[@$](?:type|class)\"\s*:|_\$\$nd_func|\"py/(?:object|reduce)|\"json_class\"",
        r"\A\s*\[\s*\"(?:javax?|sun|com|org)\.|<java>|<dynamic-proxy>|\A/wep|\Abah[a-z0-9+/]",
    ),
    rule(
        "prototype",
        "__ prototype classloader",
        r"__proto__|__(?:define|lookup)[gs]etter__|\bconstructor\W{1,5}prototype|\bobject\.prototype\.\w+\s*=",
        r"__(?:class|globals|subclasses|builtins|mro|base)__|__init__\.|\A__wakeup|class\.(?:module\.)?classloader",
    ),
    rule(
        "inclusion",
        "<? <% <jsp: .ht eval( php: <!--# .php .phtml .jsp .asp language=",
        r"<\?(?:php|=)|<!--#(?:exec|include)|\beval\(\s*\$_|(?:\A|=)php:|<jsp:|language\s*=\s*[\"']?php|@eval\(|\A\.ht(?:access|passwd)\Z",
    ),
    rule("script_name", ".php .phtml .jsp .asp", r"\A\w[\w.-]{0,60}\.(?:php\d?|phtml|jspx?|aspx?)(?:[;.]\.?\w{2,5})?\Z"),
    rule("upload_name", ".", r"\.(?:php\d?|phtml|jspx?|aspx?|cgi|exe|sh|bat)(?:[.;%\0]|\Z)", places="file_name"),
    rule("scanner", SCANNERS, "|".join(map(re.escape, SCANNERS.split())), places="header"),
    rule(
        "hidden_path",
        "/.git /.env /.svn /.aws /.ds_ /.ht /wp- phpmyadmin /actuator /cgi-bin .sql server-status /solr /vendor web.config _ignition hnap1 id_rsa .php",
        r"/\.(?:git|env|svn|hg|aws|ds_store|ht)|/wp-(?:login|admin|content|includes)|/phpmyadmin|/actuator/|/cgi-bin/|\.sql(?:\.\w+)?\Z",
        r"/server-status\Z|/solr/|/vendor/|/web\.config|/_ignition/|/hnap1|/id_rsa|\.php\Z",
        places="path",
    ),
)


#: Each needle with its rule, so that one pass finds the few patterns worth trying.
NEEDLES: Final = tuple((needle, one) for one in RULES for needle in one.needles)


def broken_rule(field: Field) -> str | None:
    """The first rule that one of the text's readings breaks."""
    if field.place in FREE and HARMLESS.fullmatch(field.text):
        return None
    for text in readings(field.text):
        for one in dict.fromkeys([one for needle, one in NEEDLES if needle in text]):
            if (not one.places or field.place in one.places) and one.pattern.search(text):
                return one.name
    return None
