from django.utils.html import format_html
from django.utils.safestring import mark_safe


def link(request, label):
    return mark_safe(f"<a href='/'>{label}</a>")
