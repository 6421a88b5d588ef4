import re

NAME = re.compile(r"^\w+(?:\s\w+)*$")
