"""融媒体中心 · media center: residents leave messages (留言) in its app and read the answers there."""
