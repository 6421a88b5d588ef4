from jinja2 import Template
from jinja2.sandbox import SandboxedEnvironment


class Mailer:
    def __init__(self, store):
        self.store = store

    def render(self, name, context):
        return self.store.get_template(name).render(**context)
