"""The shape of attributes in the exported files: their part of ``eurosur.xsd``, and their XML elements.

The part of the schema is written from ``attributes.toml`` by ``deploy/write_docs.py``; a test fails while it is old.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from ops.eurosur.attributes import Attribute, AttributeValue, ReportSubject, subjects

START: Final = "  <!-- attributes, from attributes.toml -->\n"
END: Final = "  <!-- end of attributes -->\n"
OURS: Final = "Ours."
_TYPES: Final = {
    "text": "AttributeText", "count": "xs:nonNegativeInteger", "country": "Country", "countries": "Countries",
    "parts": "Parts", "time": "xs:dateTime", "month": "xs:gYearMonth", "hash": "Sha256",
}  # fmt: skip


def element_of(name: str) -> str:
    """The element of a subject or attribute: its name in lower camel case."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def citation(attribute: Attribute) -> str:
    """Where the text at hand has an attribute, and which of its values are ours."""
    if not attribute.cite:
        return OURS
    if not attribute.ours:
        return f"{attribute.cite}."
    every = len(attribute.ours) == len(attribute.values)
    return f"{attribute.cite}; ours: {'the values' if every else ', '.join(attribute.ours)}."


def subject_rows() -> list[dict[str, Any]]:
    """Return one row for each subject and attribute: kind, values, whether it is required, and where it is from."""
    rows: list[dict[str, Any]] = []
    for layer, found in subjects().items():
        for name, subject in found.items():
            shared = {"layer": layer, "subject": name}
            nothing = {"kind": "", "values": [], "ours": [], "required": False, "unit": ""}
            rows.append({**shared, "attribute": "", **nothing, "cite": subject.cite, "origin": f"{subject.cite}."})
            for each, attribute in subject.attributes.items():
                rows.append(
                    {**shared, "attribute": each, "kind": attribute.kind, "values": list(attribute.values),
                     "ours": list(attribute.ours), "required": attribute.required, "unit": attribute.unit,
                     "cite": attribute.cite, "origin": citation(attribute)}
                )  # fmt: skip
    return rows


def with_attributes(schema: str) -> str:
    """Return the text of the schema with the part between START and END written again."""
    before, _, rest = schema.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{''.join(_schema_lines())}{END}{after}"


def add_details(parent: Any, namespace: str, sublayer: str, details: Mapping[str, AttributeValue]) -> None:
    """Add the attributes of a report as one element, in the order of the schema; none where nothing is stated."""
    if not details:
        return
    made = etree.SubElement(parent, f"{{{namespace}}}{element_of(sublayer)}")
    known = next(found[sublayer] for found in subjects().values() if sublayer in found)
    for name in known.attributes:
        if name not in details:
            continue
        value = details[name]
        part = etree.SubElement(made, f"{{{namespace}}}{element_of(name)}")
        if isinstance(value, dict):
            for of, number in value.items():
                etree.SubElement(part, f"{{{namespace}}}part", of=of).text = str(number)
        else:
            part.text = str(value)


def _schema_lines() -> Iterator[str]:
    for layer, found in subjects().items():
        yield f'  <xs:group name="{layer}Attributes">\n    <xs:choice>\n'
        for name, subject in found.items():
            if subject.attributes:
                yield from _element(name, subject)
        yield "    </xs:choice>\n  </xs:group>\n"


def _element(name: str, subject: ReportSubject) -> Iterator[str]:
    yield f'      <xs:element name="{element_of(name)}" minOccurs="0">\n        {_documented(subject.cite + ".")}\n'
    yield "        <xs:complexType>\n          <xs:sequence>\n"
    for each, attribute in subject.attributes.items():
        least = "" if attribute.required else ' minOccurs="0"'
        simple = _TYPES.get(attribute.kind)
        stated = f'<xs:element name="{element_of(each)}"{least}' + (f' type="{simple}"' if simple else "")
        inner = "" if simple else f"<xs:simpleType>{_restriction(attribute)}</xs:simpleType>"
        yield f"            {stated}>{_documented(citation(attribute))}{inner}</xs:element>\n"
    yield "          </xs:sequence>\n        </xs:complexType>\n      </xs:element>\n"


def _restriction(attribute: Attribute) -> str:
    if attribute.kind == "choice":
        values = "".join(f"<xs:enumeration value={quoteattr(value)}/>" for value in attribute.values)
        return f'<xs:restriction base="xs:string">{values}</xs:restriction>'
    ends = f'<xs:maxInclusive value="{attribute.most:g}"/>'
    if attribute.least > -1e300:
        ends = f'<xs:minInclusive value="{attribute.least:g}"/>' + ends
    return f'<xs:restriction base="xs:double">{ends}</xs:restriction>'


def _documented(text: str) -> str:
    return f"<xs:annotation><xs:documentation>{text}</xs:documentation></xs:annotation>"
