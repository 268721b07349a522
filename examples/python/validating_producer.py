"""A Kafka producer that asks the registry before it produces: what is not a valid CloudEvent never reaches the topic.

    pip install cloudevents confluent-kafka
    python validating_producer.py localhost:9092 http://localhost:8081 orders
"""
import base64
import json
import sys
import urllib.error
import urllib.request

from cloudevents.core.bindings.kafka import to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent


class InvalidEvent(ValueError):
    """The registry refused an event; `report` says why."""

    def __init__(self, report):
        self.report = report
        super().__init__("; ".join(f"{error['code']}: {error['message']}" for error in report["errors"]))


class ValidatingProducer:
    """Wraps a `confluent_kafka.Producer`, or anything with its `produce`."""

    def __init__(self, producer, registry, **parameters):
        """`parameters` are those of the route, such as `schema="required"` or `mode="strict"`."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        self.producer = producer
        self.url = f"{registry.rstrip('/')}/cloudevents/validate/kafka?{query}"

    def produce(self, topic, event, **options):
        """Produces an event in binary mode, or raises `InvalidEvent`."""
        message = to_binary(event, JSONFormat())
        headers = list(message.headers.items())
        self.validate(headers, message.value)
        self.producer.produce(topic, value=message.value, key=message.key, headers=headers, **options)

    def validate(self, headers, value):
        """Raises `InvalidEvent` for a record that is none; other errors mean that there is no verdict."""
        encoded = lambda data: base64.b64encode(data).decode()
        record = {
            "headers": [{"key": key, "value_base64": encoded(data)} for key, data in headers],
            "value_base64": None if value is None else encoded(value),
        }
        request = urllib.request.Request(
            self.url, data=json.dumps(record).encode(), headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5):
                pass
        except urllib.error.HTTPError as error:
            if error.code != 422:
                raise
            raise InvalidEvent(json.load(error)) from None


def main(brokers, registry, topic):
    from confluent_kafka import Producer

    producer = ValidatingProducer(Producer({"bootstrap.servers": brokers}), registry)
    attributes = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "sold", "datacontenttype": "application/json"}
    producer.produce(topic, CloudEvent(attributes, {"total": 3}))
    producer.producer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
