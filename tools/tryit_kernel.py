"""The two hot loops of the "Try it" page, as WebAssembly.

    product    c[m, n] = bias[m] + sum over k of a[m, k] * b[k, n]
    gather     b[k, n] = the number that column n sees as its k-th

A convolution is these two: gather what each place sees into a column, and multiply by
the weights. WebAssembly works on four numbers at once; the rest of the network stays in
JavaScript. The program is written by the loops below, so nothing compiled lies in the
repository.
"""

from wasmtime import wat2wasm

ROWS, PANEL = 4, 8  # one round of the inner loop: 4 rows of a, 8 columns of b
VECTORS = PANEL // 4  # 4 numbers fit into one vector


def kernel() -> bytes:
    """The module: it imports `memory` and exports `product` and `gather`."""
    memory = '(import "page" "memory" (memory 1))'
    return bytes(wat2wasm(f"(module {memory} {product()} {gather()})"))


def product() -> str:
    """c = a b + bias, in WebAssembly's text format. Addresses and distances are bytes.

    a, a_row, a_next   where a begins, and how far its rows and columns lie apart
    b                  panels of 8 columns, each stored row by row
    bias               one number a row
    c, c_row           where c begins, and how far its rows lie apart
    rows, inner, panels   the sizes; rows is a multiple of 4
    """
    sums = [(i, j) for i in range(ROWS) for j in range(VECTORS)]
    return f"""
  (func (export "product")
    (param $a i32) (param $a_row i32) (param $a_next i32) (param $b i32)
    (param $bias i32) (param $c i32) (param $c_row i32)
    (param $rows i32) (param $inner i32) (param $panels i32)
    (local $m i32) (local $k i32) (local $at_b i32) (local $at_c i32)
    {lines(f"(local $a{i} i32)" for i in range(ROWS))}
    {lines(f"(local $b{j} v128)" for j in range(VECTORS))}
    {lines(f"(local $sum{i}{j} v128)" for i, j in sums)}
    (local $x v128)
    (loop $each_panel
      (local.set $m (i32.const 0))
      (loop $each_four_rows
        (local.set $a0 (i32.add (local.get $a)
          (i32.mul (local.get $m) (local.get $a_row))))
        {lines(next_row(f"$a{i}", f"$a{i - 1}", "$a_row") for i in range(1, ROWS))}
        {lines(begin_with_bias(i) for i in range(ROWS))}
        (local.set $at_b (local.get $b))
        (local.set $k (local.get $inner))
        (loop $each_product
          {lines(load(j) for j in range(VECTORS))}
          {lines(add_products(i) for i in range(ROWS))}
          {lines(next_row(f"$a{i}", f"$a{i}", "$a_next") for i in range(ROWS))}
          (local.set $at_b (i32.add (local.get $at_b) (i32.const {4 * PANEL})))
          (br_if $each_product (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (local.set $at_c (i32.add (local.get $c)
          (i32.mul (local.get $m) (local.get $c_row))))
        {lines(store_row(i) for i in range(ROWS))}
        (local.set $m (i32.add (local.get $m) (i32.const {ROWS})))
        (br_if $each_four_rows (i32.lt_u (local.get $m) (local.get $rows))))
      (local.set $b (local.get $at_b))
      (local.set $c (i32.add (local.get $c) (i32.const {4 * PANEL})))
      (br_if $each_panel
        (local.tee $panels (i32.sub (local.get $panels) (i32.const 1))))))
"""


def gather() -> str:
    """Fill the next panel at b: a number for each k and each of its columns.

    first   8 addresses: what the columns see first
    seen    how far from there what they see as k-th lies
    """
    columns = range(PANEL)
    return f"""
  (func (export "gather")
    (param $b i32) (param $first i32) (param $seen i32) (param $inner i32)
    (local $k i32)
    {lines(f"(local $f{i} i32)" for i in columns)}
    {lines(begin_column(i) for i in columns)}
    (loop $each
      (local.set $k (i32.load (local.get $seen)))
      {lines(copy_number(i) for i in columns)}
      (local.set $b (i32.add (local.get $b) (i32.const {4 * PANEL})))
      (local.set $seen (i32.add (local.get $seen) (i32.const 4)))
      (br_if $each (local.tee $inner (i32.sub (local.get $inner) (i32.const 1))))))
"""


def begin_column(i: int) -> str:
    return f"(local.set $f{i} (i32.load offset={4 * i} (local.get $first)))"


def copy_number(i: int) -> str:
    number = f"(f32.load (i32.add (local.get $f{i}) (local.get $k)))"
    return f"(f32.store offset={4 * i} (local.get $b) {number})"


def lines(parts) -> str:
    return "\n".join(parts)


def next_row(pointer: str, before: str, step: str) -> str:
    return f"(local.set {pointer} (i32.add (local.get {before}) (local.get {step})))"


def begin_with_bias(i: int) -> str:
    """The sums of row i begin with its bias."""
    address = "(i32.add (local.get $bias) (i32.mul (local.get $m) (i32.const 4)))"
    bias = f"(v128.load32_splat offset={4 * i} {address})"
    return lines(f"(local.set $sum{i}{j} {bias})" for j in range(VECTORS))


def load(j: int) -> str:
    """The next four columns of b."""
    return f"(local.set $b{j} (v128.load offset={16 * j} (local.get $at_b)))"


def add_products(i: int) -> str:
    """One number of row i of a, times the columns of b, added to the sums."""
    text = [f"(local.set $x (v128.load32_splat (local.get $a{i})))"]
    for j in range(VECTORS):
        product = f"(f32x4.mul (local.get $x) (local.get $b{j}))"
        total = f"(f32x4.add (local.get $sum{i}{j}) {product})"
        text.append(f"(local.set $sum{i}{j} {total})")
    return lines(text)


def store_row(i: int) -> str:
    """Write the sums of row i, and go on to the next row of c."""
    text = [
        f"(v128.store offset={16 * j} (local.get $at_c) (local.get $sum{i}{j}))"
        for j in range(VECTORS)
    ]
    return lines([*text, next_row("$at_c", "$at_c", "$c_row")])
