from sqlalchemy import update

from app.models import Product


async def buy(session, product_id):
    taken = await session.execute(
        update(Product).where(Product.id == product_id, Product.stock > 0).values(stock=Product.stock - 1)
    )
    await session.commit()
    return taken.rowcount == 1
