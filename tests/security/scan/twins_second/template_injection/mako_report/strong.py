from mako.template import Template
from pyramid.view import view_config


@view_config(route_name="report", renderer="string")
def report(request):
    heading = request.params["heading"]
    return Template("<%page/> Report: ${heading | h}").render(heading=heading, rows=[])
