from lxml import etree


async def invoice(request):
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(await request.body(), parser).tag
