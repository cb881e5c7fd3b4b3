"""The kernel's objects in gdb, as TypeScript has them.

    gdb -x tools/gdb/kernel.py build/kernel/kernel.elf

`print`, `info locals` and backtraces show a reference as `Thread(0x4f20)`, `print thread` and `ts thread.name.length`
its fields. A reference is a 32-bit offset into linear memory; types.json, which the build writes next to the ELF,
says which class it points to. Stepping stays out of the translator's helpers.
"""

import json
import os
import re
import struct

import gdb

LINEAR_BASE = 0xFFFFFFFFC0000000
NUMBERS = {
    "i8": "<b", "u8": "<B", "i16": "<h", "u16": "<H", "i32": "<i", "u32": "<I", "isize": "<i", "usize": "<I",
    "i64": "<q", "u64": "<Q", "f32": "<f", "f64": "<d", "bool": "<B",
}  # fmt: skip
LONGEST_LIST = 16

references = {}
classes = {}


def load_types(filename):
    """Read the types.json beside a kernel.elf."""
    path = os.path.join(os.path.dirname(filename), "types.json")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf8") as file:
        types = json.load(file)
    references.update(types["references"])
    classes.update(types["classes"])


def read(pointer, length):
    return bytes(gdb.selected_inferior().read_memory(LINEAR_BASE + pointer, length))


def number(pointer, kind):
    size = struct.calcsize(NUMBERS[kind])
    value = struct.unpack(NUMBERS[kind], read(pointer, size))[0]
    return bool(value) if kind == "bool" else value


def short(name):
    """`~lib/array/Array<kernel/sched/thread/Thread>` is Array<Thread>."""
    return re.sub(r"[\w~.-]+/", "", name)


def element_type(name):
    match = re.match(r"[^<]*<(.*)>$", name)
    return match.group(1) if match else "u8"


def size_of(kind):
    return struct.calcsize(NUMBERS[kind]) if kind in NUMBERS else 4


def fields(pointer, name):
    """The object's fields, or a list's elements, as (name, type, address)."""
    if re.search(r"/StaticArray<", name):
        kind = element_type(name)
        count = number(pointer - 4, "u32") // size_of(kind)
        return [(f"[{i}]", kind, pointer + i * size_of(kind)) for i in range(min(count, LONGEST_LIST))]
    if re.search(r"/Array<", name):
        kind = element_type(name)
        start = number(pointer + 4, "u32")
        count = number(pointer + 12, "u32")
        return [(f"[{i}]", kind, start + i * size_of(kind)) for i in range(min(count, LONGEST_LIST))]
    layout = classes.get(name, {"fields": []})
    return [(field, kind, pointer + offset) for field, kind, offset in layout["fields"]]


def show(address, kind):
    """A field's value in a word or two."""
    if kind in NUMBERS:
        return str(number(address, kind)).lower() if kind == "bool" else str(number(address, kind))
    return summary(number(address, "u32"), kind)


def summary(pointer, name):
    if pointer == 0:
        return "null"
    try:
        if name == "~lib/string/String":
            return json.dumps(read(pointer, min(number(pointer - 4, "u32"), 400)).decode("utf-16-le"))
        if re.search(r"/StaticArray<", name):
            return f"{short(name)}(0x{pointer:x})[{number(pointer - 4, 'u32') // size_of(element_type(name))}]"
        if re.search(r"/Array<", name):
            return f"{short(name)}(0x{pointer:x})[{number(pointer + 12, 'u32')}]"
    except gdb.MemoryError:
        return f"{short(name)}(0x{pointer:x}, not readable)"
    return f"{short(name)}(0x{pointer:x})"


class Reference:
    """Pretty printer of one reference. Its fields are children, so that `info locals` stays short in `-frame-arguments scalars`."""

    def __init__(self, value, name):
        self.pointer = int(value) & 0xFFFFFFFF
        self.name = name

    def to_string(self):
        return summary(self.pointer, self.name)


def find_printer(value):
    name = value.type.name
    return Reference(value, references[name]) if name in references else None


class ShowObject(gdb.Command):
    """ts EXPRESSION[.FIELD]...: an object's fields, following references by name."""

    def __init__(self):
        super().__init__("ts", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, _from_tty):
        first, *path = re.findall(r"[^.\[\]]+|\[\d+\]", argument.strip())
        value = gdb.parse_and_eval(first)
        name = references.get(value.type.name)
        if name is None:
            raise gdb.GdbError(f"{first} is no reference to a TypeScript object")
        pointer = int(value) & 0xFFFFFFFF
        for position, step in enumerate(path):
            found = {field: (kind, address) for field, kind, address in fields(pointer, name)}
            if step not in found:
                raise gdb.GdbError(f"{short(name)} has no {step}; it has {', '.join(found) or 'no fields'}")
            name, address = found[step]
            if name in NUMBERS:
                if position < len(path) - 1:
                    raise gdb.GdbError(f"{step} is a number")
                print(show(address, name))
                return
            pointer = number(address, "u32")
        print(summary(pointer, name))
        if pointer != 0 and name != "~lib/string/String":
            for field, kind, address in fields(pointer, name):
                print(f"  {field}: {short(kind)} = {show(address, kind)}")


ShowObject()
gdb.pretty_printers.append(find_printer)
gdb.events.new_objfile.connect(lambda event: load_types(event.new_objfile.filename))
for objfile in gdb.objfiles():
    load_types(objfile.filename)
gdb.execute("skip -gfi */translator/prelude.h", to_string=True)
gdb.execute("set print frame-arguments all", to_string=True)
