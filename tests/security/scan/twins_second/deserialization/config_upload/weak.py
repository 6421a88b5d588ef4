import yaml
from rest_framework.decorators import api_view
from rest_framework.response import Response


@api_view(["POST"])
def configure(request):
    document = request.data["config"]
    settings = yaml.load(document, Loader=yaml.Loader)
    return Response({"keys": sorted(settings)})
