from jinja2 import Template
from jinja2.sandbox import SandboxedEnvironment


class Mailer:
    def __init__(self, store):
        self.store = store

    def render(self, body, context):
        return Template(body).render(**context)
