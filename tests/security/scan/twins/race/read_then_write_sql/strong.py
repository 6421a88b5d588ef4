def take(connection, item):
    done = connection.execute("UPDATE items SET quantity = quantity - 1 WHERE id = ? AND quantity > 0", (item,))
    connection.commit()
    return done.rowcount == 1
