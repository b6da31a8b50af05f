"""Feeds series run by run to Apache Otava, for bench/trend.ts: a JSON list of series in, the change points of every prefix out."""

import json
import logging
import sys

from otava.series import AnalysisOptions, Metric, Series

logging.disable(logging.CRITICAL)


def change_points(values):
    """Positions of the change points in a series, with Otava's defaults."""
    length = len(values)
    series = Series("bench", None, list(range(length)), {"value": Metric(1, 1.0)}, {"value": values}, {})
    found = series.analyze(AnalysisOptions()).change_points
    return [int(point.index) for point in found["value"]]


def main():
    first = int(sys.argv[1])
    for line in sys.stdin:
        values = json.loads(line)
        prefixes = [change_points(values[:length]) for length in range(first, len(values) + 1)]
        print(json.dumps(prefixes), flush=True)


main()
