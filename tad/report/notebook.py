"""Make the outputs of an executed notebook ready for a page: nbconvert preprocessors, one a concern."""

import ast
import json
from html import escape

import pandas as pd
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from tad.report.show import PLOTLY_MIME
from tad.report.tables import table_html

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


class Declutter(Preprocessor):
    """Drop what was meant for the eyes of whoever watched the run: progress bars, warnings, widgets."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        nb.metadata.pop("widgets", None)
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not self._is_clutter(output)]
            for output in cell.outputs:
                if output.output_type == "stream":  # a carriage return overwrites the line, as in a terminal
                    output.text = "\n".join(line.split("\r")[-1] for line in output.text.split("\n"))
        return cell, resources

    @staticmethod
    def _is_clutter(output: NotebookNode) -> bool:
        if output.output_type == "stream":
            return output.name == "stderr"
        if output.output_type == "error":
            return False
        return WIDGET_MIME in output.data or output.metadata.get("tad", {}).get("repeats_caption", False)


class DrawPlotly(Preprocessor):
    """Turn plotly figures, which a notebook stores as JSON only, into elements that report.js draws."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        for output in cell.get("outputs", []):
            if PLOTLY_MIME in output.get("data", {}):
                output.data = NotebookNode({"text/html": self._element(output)})
                resources["has_plotly"] = True
        return cell, resources

    @staticmethod
    def _element(output: NotebookNode) -> str:
        figure = output.data[PLOTLY_MIME]
        alt = output.metadata.get("tad", {}).get("alt", "Interactive figure without a description")
        style = f"min-height:{int(figure.get('layout', {}).get('height', 450))}px"
        data = json.dumps(figure).replace("<", "\\u003c")  # no </script> in the middle of the data
        return (
            f'<div class="plotly-figure" role="img" aria-label="{escape(alt)}" style="{style}"></div>'
            f'<script type="application/json">{data}</script>'
        )


class TabulateParameters(Preprocessor):
    """Put a table of the parameters before the cell that declares them."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        tagged = {
            tag: cell
            for cell in nb.cells
            for tag in cell.metadata.get("tags", [])
            if cell.cell_type == "code" and tag in ("parameters", "injected-parameters")
        }
        if tagged:
            table = pd.DataFrame(parameters(*(cell.source for _, cell in sorted(tagged.items(), reverse=True))))
            cell = tagged.get("parameters") or tagged["injected-parameters"]
            cell.metadata["tad_parameters"] = table_html(table, "Parameters of this run") if len(table) else ""
        return nb, resources


def parameters(declared: str, injected: str = "") -> list[dict[str, str]]:
    """Read parameters from the source of the cell that declares them and of the one that papermill put in.

    Args:
        declared: lines such as `seed: int = 0   # of every generator`.
        injected: assignments that override them.

    Returns:
        One row a parameter: its name, value, default (empty if the value is the default) and meaning.

    Raises:
        SyntaxError: if a cell is not Python.

    Example:
        >>> parameters("seed: int = 0   # of every generator", "seed = 3")
        [{'parameter': 'seed', 'value': '3', 'default': '0', 'meaning': 'of every generator'}]
    """
    rows = {name: {"parameter": name, "value": value, "default": "", "meaning": comment}
            for name, value, comment in _assignments(declared)}  # fmt: skip
    for name, value, _ in _assignments(injected):
        row = rows.setdefault(name, {"parameter": name, "value": value, "default": "", "meaning": ""})
        if row["value"] != value:
            row.update(value=value, default=row["value"])
    return list(rows.values())


def _assignments(source: str) -> list[tuple[str, str, str]]:
    """Name, value as written, and the comment at the line's end, of each assignment."""
    found = []
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and isinstance(targets[0], ast.Name):
            rest = source.splitlines()[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
            found.append((targets[0].id, ast.unparse(node.value), rest.partition("#")[2].strip()))
    return found
