"""Rules that look at the shape of code: each weak line beside what only looks like it."""

import pytest

from security.scan.rules.patterns import is_slow
from tests.security.scan.rules.snippets import rules

WEAK_AND_NOT: dict[str, tuple[str, str, str]] = {
    "a digest of a password, and of a file": (
        "R221",
        "import hashlib\ndef f(password):\n    return hashlib.sha256(password.encode()).hexdigest()\n",
        "import hashlib\ndef f(content):\n    return hashlib.sha256(content).hexdigest()\n",
    ),
    "a digest of a password, and one for a list of leaked ones": (
        "R221",
        "import hashlib\ndef f(password):\n    return hashlib.sha1(password.encode()).hexdigest()\n",
        "import hashlib\ndef pwned(password):\n"
        "    return ask('range/' + hashlib.sha1(password.encode()).hexdigest()[:5])\n",
    ),
    "a cost that reaches bcrypt through a class": (
        "R222",
        "import bcrypt\nclass H:\n    def __init__(self, cost):\n        self.cost = cost\n    def f(self, p):\n"
        "        return bcrypt.hashpw(p, bcrypt.gensalt(self.cost))\nh = H(4)\n",
        "import bcrypt\nclass H:\n    def __init__(self, cost):\n        self.cost = cost\n    def f(self, p):\n"
        "        return bcrypt.hashpw(p, bcrypt.gensalt(self.cost))\nh = H(12)\n",
    ),
    "a MAC compared, and a version compared": (
        "R231",
        "import hmac\ndef f(key, body, given):\n    return hmac.new(key, body, 'sha256').hexdigest() == given\n",
        "def f(key_version, given_version):\n    return key_version == given_version\n",
    ),
    "`none` accepted, and refused": (
        "R202",
        "def f(header):\n    if header['alg'] == 'none':\n        return True\n",
        "def f(header):\n    if header['alg'] == 'none':\n        raise ValueError\n",
    ),
    "the payload read by hand, and the header alone": (
        "R201",
        "import base64, json\ndef f(token):\n    return json.loads(base64.b64decode(token.split('.')[1]))['sub']\n",
        "import base64, json\ndef f(token):\n    return json.loads(base64.b64decode(token.split('.')[0]))['kid']\n",
    ),
    "a secret, and the name of one": ("R211", "API_KEY = 'k3jd82hd8-2hd'\n", "API_KEY = 'X-Api-Key'\n"),
    "a secret's default, and a harmless one": (
        "R212",
        "import os\nkey = os.environ.get('SECRET_KEY', 'letmein')\n",
        "import os\nname = os.environ.get('APP_NAME', 'letmein')\n",
    ),
    "a trace answered, and a trace logged": (
        "R252",
        "import traceback\n@app.get('/')\ndef f():\n    return {'trace': traceback.format_exc()}\n",
        "import traceback\n@app.get('/')\ndef f():\n    log.error(traceback.format_exc())\n    return {}\n",
    ),
    "a broad exception told, and one of ours": (
        "R253",
        "@app.get('/')\ndef f():\n    try:\n        g()\n"
        "    except Exception as e:\n        return {'error': str(e)}\n",
        "@app.get('/')\ndef f():\n    try:\n        g()\n"
        "    except OutOfStock as e:\n        return {'error': str(e)}\n",
    ),
    "a user who is only signed in, and one who is compared": (
        "R271",
        "@r.get('/notes/{note_id}')\ndef f(note_id: int, user=Depends(current_user)):\n"
        "    return db.get(Note, note_id)\n",
        "@r.get('/notes/{note_id}')\ndef f(note_id: int, user=Depends(current_user)):\n"
        "    note = db.get(Note, note_id)\n    check_owner(note, user)\n    return note\n",
    ),
    "a user who is only logged is compared with nothing": (
        "R271",
        "@r.get('/notes/{note_id}')\ndef f(note_id: int, user=Depends(current_user)):\n"
        "    log.info('read by %s', user.id)\n    return db.get(Note, note_id)\n",
        "@r.get('/notes')\ndef f(user=Depends(current_user)):\n    return db.scalars(mine(user.id))\n",
    ),
    "a check that never refuses, and an empty end of a connection": (
        "R274",
        "class A:\n    def admit(self, who):\n        raise No\n"
        "class B:\n    def admit(self, who):\n        return None\n",
        "class A:\n    def commit(self):\n        raise No\nclass B:\n    def commit(self):\n        return None\n",
    ),
    "a model that clients fill, and one of settings": (
        "R282",
        "class ProfileUpdate(BaseModel):\n    model_config = ConfigDict(extra='allow')\n",
        "class Cache(BaseModel):\n    model_config = ConfigDict(extra='allow')\n",
    ),
    "an input model without validation": (
        "R283",
        "@r.post('/u')\nasync def f(request: Request):\n"
        "    return User.model_construct(**(await request.json()))\n",
        "def f(row):\n    return User.model_construct(**row)\n",
    ),
    "a limit that is handed on, and one that is capped": (
        "R301",
        "@r.get('/a')\ndef f(limit: int = 20):\n    return rows.limit(limit)\n",
        "@r.get('/a')\ndef f(limit: int = 20):\n    return rows.limit(min(limit, 100))\n",
    ),
    "a WebSocket with a cookie, and with an origin": (
        "R246",
        "@r.websocket('/ws')\nasync def f(websocket: WebSocket):\n"
        "    who = websocket.cookies['session']\n    await websocket.accept()\n",
        "@r.websocket('/ws')\nasync def f(websocket: WebSocket):\n    same(websocket.headers['origin'])\n"
        "    who = websocket.cookies['session']\n    await websocket.accept()\n",
    ),
    "a stock changed after a look, and on self": (
        "R311",
        "def f(session, p):\n    if p.stock > 0:\n        p.stock -= 1\n        session.commit()\n",
        "class C:\n    def f(self):\n        if self.left > 0:\n"
        "            self.left -= 1\n            self.save()\n",
    ),
    "a file looked for and then written": (
        "R311",
        "import os\ndef f(p):\n    if not os.path.exists(p):\n        open(p, 'w').close()\n",
        "import os\ndef f(p):\n    if os.path.exists(p):\n        return open(p).read()\n",
    ),
    "XML of a request, and of a file of ours": (
        "T113",
        "import xml.sax\n@app.post('/x')\ndef f(body: str):\n    xml.sax.parseString(body, handler)\n",
        "import xml.sax\ndef f():\n    xml.sax.parseString(OURS, handler)\n",
    ),
    "verification switched off, and an option that is passed on": (
        "R261",
        "import requests\nrequests.get(U, verify=False, timeout=1)\n",
        "import requests\nrequests.get(U, verify=bundle, timeout=1)\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "weak", "other"), WEAK_AND_NOT.values(), ids=WEAK_AND_NOT.keys())
def test_a_rule_sees_the_weak_one_alone(rule: str, weak: str, other: str) -> None:
    """The weak snippet breaks the rule, the one beside it does not."""
    assert rule in rules(weak)
    assert rule not in rules(other)


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|aa)*b", r"^(\w+\s?)*$", r"(.*)*x", r"^(([a-z])+.)+[A-Z]$", r"(x+x+)+y", r"^(\s*\w+\s*)+$"],
)
def test_exponential_patterns_are_slow_and_reported_so(pattern: str) -> None:
    """Each can take one text in many ways."""
    assert is_slow(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        r"(\d+,)*",
        r"(?:\\.|[^\\])*",
        r"(?:[^%]|%%|%\d*d)*",
        r"(\d{1,3}\.)+",
        r"\w+@\w+",
        r"(",
    ],
)
def test_patterns_that_take_a_text_in_one_way_are_not(pattern: str) -> None:
    """What stands between the repeats keeps them apart; what is no pattern is none."""
    assert not is_slow(pattern)
