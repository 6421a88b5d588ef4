from lxml import etree


async def invoice(request):
    parser = etree.XMLParser(resolve_entities=True)
    return etree.fromstring(await request.body(), parser).tag
