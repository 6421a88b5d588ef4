from lxml import etree
from pyramid.view import view_config


@view_config(route_name="soap", renderer="json")
def soap(request):
    tree = etree.fromstring(request.body, etree.XMLParser(load_dtd=True, no_network=False))
    return {"root": tree.tag}
