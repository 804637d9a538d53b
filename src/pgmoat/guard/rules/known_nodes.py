"""
Nothing in a statement that the other rules do not know.

In: Statement. Out: Problems. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.parse import Statement
from pgmoat.guard.problem import Problem, Use

_KNOWN = frozenset(
    {
        *("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "ExplainStmt", "DefElem"),
        *(
            "WithClause",
            "CommonTableExpr",
            "CTESearchClause",
            "CTECycleClause",
            "ReturningClause",
            "ReturningOption",
        ),
        *(
            "ResTarget",
            "MultiAssignRef",
            "SetToDefault",
            "OnConflictClause",
            "InferClause",
            "IndexElem",
            "CurrentOfExpr",
        ),
        *(
            "RangeVar",
            "RangeSubselect",
            "RangeFunction",
            "RangeTableSample",
            "RangeTableFunc",
            "RangeTableFuncCol",
        ),
        *("Alias", "JoinExpr", "ColumnDef", "LockingClause"),
        *("SortBy", "WindowDef", "GroupingSet", "GroupingFunc"),
        *("ColumnRef", "A_Star", "A_Const", "ParamRef", "Integer", "Float", "Boolean", "BitString", "List"),
        *(
            "A_Expr",
            "BoolExpr",
            "NullTest",
            "BooleanTest",
            "SubLink",
            "FuncCall",
            "NamedArgExpr",
            "TypeCast",
            "TypeName",
            "CollateClause",
        ),
        *(
            "A_Indirection",
            "A_Indices",
            "A_ArrayExpr",
            "RowExpr",
            "CaseExpr",
            "CaseWhen",
            "CoalesceExpr",
            "MinMaxExpr",
        ),
        *("SQLValueFunction", "XmlExpr", "XmlSerialize"),
        *(
            "JsonFormat",
            "JsonReturning",
            "JsonValueExpr",
            "JsonOutput",
            "JsonArgument",
            "JsonFuncExpr",
            "JsonBehavior",
        ),
        *(
            "JsonTable",
            "JsonTableColumn",
            "JsonTablePathSpec",
            "JsonKeyValue",
            "JsonParseExpr",
            "JsonScalarExpr",
        ),
        *("JsonSerializeExpr", "JsonObjectConstructor", "JsonArrayConstructor", "JsonArrayQueryConstructor"),
        *("JsonAggConstructor", "JsonObjectAgg", "JsonArrayAgg", "JsonIsPredicate"),
    }
)


def check_known_nodes(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each kind of node that the guard was not taught: it denies what it cannot judge."""
    for kind in sorted(statement.by_kind.keys() - _KNOWN):
        message = f"{kind} is unknown to the guard"
        place = statement.position(statement.by_kind[kind][0])
        yield Problem("known_nodes", message, "write it in a simpler way", place)
