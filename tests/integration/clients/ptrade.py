"""A program that knows Ptrade basket files and nothing else; it hears no answer in a form of its own."""

from pathlib import Path

HEADER = "symbol,side,order_volume,order_price,price_type,strategy_name,signal_id"


def basket(folder: Path, name: str, *rows: str) -> None:
    part = folder / f"{name}.tmp"
    part.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    part.rename(folder / name)
