from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.models import Address


class AddressView(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request, address_id):
        address = Address.objects.get(pk=address_id, user=request.user)
        return Response({"street": address.street})
