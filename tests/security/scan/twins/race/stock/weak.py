from sqlalchemy import update

from app.models import Product


async def buy(session, product_id):
    product = await session.get(Product, product_id)
    if product.stock > 0:
        product.stock -= 1
        await session.commit()
        return True
    return False
