"""Words and cells of the reports."""


def size(value):
    if value < 1e3:
        return f"{value:.0f} B"
    if value < 1e5:
        return f"{value / 1e3:.1f} kB"
    return f"{value / 1e3:.0f} kB" if value < 1e6 else f"{value / 1e6:.2f} MB"


def percent(value, digits=1, sign=""):
    return f"{100 * float(value):{sign}.{digits}f} %"


def yes(flag):
    return "yes" if flag else "**no**"


def table(heads, lines):
    text = "| " + " | ".join(heads) + " |\n|" + "---|" * len(heads) + "\n"
    return text + "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def measured_on(machine):
    """Where figures come from; `machine` as xtask describes it."""
    return (
        f"Measured on {machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('date')}, load "
        f"{machine.get('load_1_min')} at the start"
    )
