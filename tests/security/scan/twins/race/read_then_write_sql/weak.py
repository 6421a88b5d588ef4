def take(connection, item):
    left = connection.execute("SELECT quantity FROM items WHERE id = ?", (item,)).fetchone()[0]
    if left < 1:
        return False
    connection.execute("UPDATE items SET quantity = ? WHERE id = ?", (left - 1, item))
    connection.commit()
    return True
