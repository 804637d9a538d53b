"""
Names: how natural they are, which words stand in them, what their abbreviations mean.

In: names, and the texts around them. Out: values. I/O: the shipped data, read once, at the first use.

``words.split_words(name) -> tuple[str, ...]``
    ``OrderDate``, ``ORDER_DATE`` and ``orderdate`` give ``("order", "date")``.
``words.is_word(word) -> bool``
    whether a lower-case word is English or a term of the trade.
``naturalness.classify(name) -> Naturalness``, ``naturalness.classify_many(names) -> list[Naturalness]``
    ``Naturalness(level, regular, low, least)``; ``Level`` is ``regular``, ``low`` or ``least``.
``expansion.expand(name, context: Sequence[str] | Hints = (), data_type="") -> Expansion``
    ``Expansion(name, identifier, expanded, unknown, sureness)``, with ``is_changed``; ``expanded`` holds
    ``meanings.Expanded(abbreviation, words, sureness, alternatives)``; ``meanings.Sureness`` is ``certain``,
    ``guess`` or ``unknown``. ``hints.read_hints(texts) -> Hints`` is for many names in one context.
``expansion.snake_case(name) -> str``
    an identifier for a policy, its words unchanged.
``inflection.singular(name) -> str``, ``inflection.plural(name) -> str``
    of the last word of a snake_case name.
``concepts.group_same_concepts(columns: Sequence[NamedColumn]) -> tuple[SameConcept, ...]``
    ``NamedColumn(table, column, data_type="", references="")``;
    ``SameConcept(concept, columns, reason)`` with ``names``.
"""
