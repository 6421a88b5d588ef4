"""`python -m security.waf`: becomes nginx in front of a backend, and ends with whoever started it."""

from __future__ import annotations

import argparse
import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path
from typing import NoReturn

from security.waf.front import CONFIGURATION, PARANOIA, Front, MissingPartError, nginx

#: Whom nginx runs as where root starts it.
UNPRIVILEGED = "www-data"
PR_SET_PDEATHSIG = 1


def main() -> NoReturn:
    """Write the configuration and become nginx; where a part is missing exit with 2, after one sentence."""
    options = _options()
    parent = os.getppid()
    try:
        program = nginx()
        Front(options.level, options.listen, options.upstream, options.source, options.workers).write(options.folder)
    except MissingPartError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    os.chdir(options.folder)  # from here on every path is relative: nobody else can pass the folders above
    if os.geteuid() == 0:
        _give_up_root()
    # A change of user clears it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it has ended meanwhile: no signal will come
        sys.exit(2)
    command = [program, "-p", ".", "-c", CONFIGURATION, "-e", "stderr"]
    os.execv(program, [*command, "-t"] if options.check else command)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m security.waf", description=__doc__)
    parser.add_argument("--level", required=True, choices=PARANOIA)
    parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="where clients reach the backend")
    parser.add_argument("--upstream", required=True, metavar="HOST:PORT", help="where the backend listens")
    parser.add_argument("--source", required=True, metavar="HOST", help="the address from which nginx asks the backend")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="for configuration, pid file and temporary files")
    parser.add_argument("--check", action="store_true", help="only let nginx check the configuration")
    return parser.parse_args()


def _give_up_root() -> None:
    user = pwd.getpwnam(UNPRIVILEGED)
    for path in (Path(), *Path().rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


if __name__ == "__main__":
    main()
