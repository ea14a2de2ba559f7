"""Mean-field theory against networks of width 1,000: python -m tests.campaigns.theory_against_networks

For seeds 0 to 19 and six pairs of activation and initializer, ln(measured/predicted) of E[z²] 10 and 50 layers from the
input, and of E[δ²] 10 and 50 layers below the output; its mean less the predicted finite-width shift, in standard
errors (expected: below 3), and its deviation beside the predicted spread. About 6 minutes on one core, 1 GB.
"""

from tests.against_networks import SETTINGS, compare


def main() -> None:
    print(f"{'':18}{'':>6}{'layers':>7}{'mean ln':>10}{'shift':>9}{'errors':>8}{'deviation':>11}{'spread':>8}")
    worst = 0.0
    for name in SETTINGS:
        for row in compare(name, width=1000, depths=(10, 50), seeds=range(20)):
            print(f"{row.name:18}{row.what:>6}{row.layers:7}{row.mean:10.4f}{row.shift:9.4f}{row.errors:8.2f}"
                  f"{row.deviation:11.4f}{row.spread:8.4f}", flush=True)
            worst = max(worst, abs(row.errors))
    print(f"\nthe largest distance is {worst:.2f} standard errors")


if __name__ == "__main__":
    main()
