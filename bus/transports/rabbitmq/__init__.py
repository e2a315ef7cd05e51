"""The transport over RabbitMQ. Only this package knows pika."""
