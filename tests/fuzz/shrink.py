"""Makes a program that fails smaller while it still fails in the same way."""

import re
from dataclasses import fields, replace

from .tree import Body, Expr, Text, blocks, body_text

MAX_TRIES = 200


def smaller(program, still_fails):
    tries, allowed = [0], unpinned(program)

    def fails(candidate):
        if tries[0] >= MAX_TRIES or not unpinned(candidate) <= allowed or candidate.bodies[-1] is not program.bodies[-1]:
            return False
        tries[0] += 1
        return still_fails(candidate)

    before = None
    while before != str(program) and tries[0] < MAX_TRIES:
        before = str(program)
        program = without_bodies(program, fails)
        program = without_macros(program, fails)
        program = without_statements(program, fails)
        program = with_blocks_opened(program, fails)
        program = with_smaller_values(program, fails)
    return program


def unpinned(program):
    """The maps and variables whose types nothing decides any more; those of block expressions count among them."""
    pinned = {str(name) for statements in all_lists(program) for one in statements if one.pins for name in names_of(one)}
    return set(re.findall(r"[@$][a-z]\w*", "".join(map(body_text, program.bodies)))) - pinned


def names_of(statement):
    target = getattr(statement, "variable", None) or getattr(statement, "target", None)
    return [] if target is None else [getattr(target, "map", target)]


def without_bodies(program, fails):
    for body in program.bodies[:-1]:
        candidate = replace(program, bodies=[one for one in program.bodies if one is not body])
        if fails(candidate):
            program = candidate
    return program


def without_macros(program, fails):
    for macro in program.macros:
        candidate = replace(program, macros=[one for one in program.macros if one is not macro])
        if macro.name not in str(candidate) and fails(candidate):
            program = candidate
    for which in program.maps:
        candidate = replace(program, maps=[one for one in program.maps if one is not which])
        if not re.search(rf"{which}\b", "".join(map(body_text, program.bodies))) and fails(candidate):
            program = candidate
    return program


def copied(program):
    """The same tree with lists of statements of its own; the nodes are shared."""
    bodies = [replace(body, statements=copied_list(body.statements)) for body in program.bodies[:-1]]
    return replace(program, bodies=[*bodies, program.bodies[-1]])


def copied_list(statements):
    return [replace(one, **{name: copied_list(value) for name, value in lists_of(one)}) for one in statements]


def lists_of(statement):
    names = [field.name for field in fields(statement) if field.name in ("then", "other", "body")]
    return [(name, getattr(statement, name)) for name in names if isinstance(getattr(statement, name), list)]


def lists_in(statements):
    yield statements
    for one in statements:
        for inner in blocks(one):
            yield from lists_in(inner)


def all_lists(program):
    """But those of the last body, which ends the run."""
    return [inner for body in program.bodies[:-1] for inner in lists_in(body.statements)]


def without_statements(program, fails):
    """In halves, quarters … of each list, then one by one."""
    at = 0
    while at < len(all_lists(program)):
        size = max(1, len(all_lists(program)[at]) // 2)
        while size:
            start = 0
            while start < len(all_lists(program)[at]):
                candidate = copied(program)
                del all_lists(candidate)[at][start : start + size]
                if fails(candidate):
                    program = candidate
                else:
                    start += size
            size //= 2
        at += 1
    return program


def with_blocks_opened(program, fails):
    """Puts what stands in an if, a block … in its place."""
    at = 0
    while at < len(all_lists(program)):
        index = 0
        while index < len(all_lists(program)[at]):
            for inner in blocks(all_lists(program)[at][index]):
                candidate = copied(program)
                all_lists(candidate)[at][index : index + 1] = inner
                if fails(candidate):
                    program = candidate
                    break
            else:
                index += 1
        at += 1
    return program


def with_smaller_values(program, fails):
    """Puts an operand in the place of an operator, where the type stays close enough to fail in the same way."""
    done = False
    while not done:
        done = True
        for place, name, key, child in list(replaceable(program)):
            held = getattr(place, name)
            changed = child if key is None else [*held[:key], child, *held[key + 1 :]]
            setattr(place, name, changed if key is None else type(held)(changed))
            if fails(program):
                done = False
                break
            setattr(place, name, held)
    return program


def replaceable(program):
    for statements in all_lists(program):
        for statement in statements:
            yield from () if statement.pins else inside(statement)
    for body in program.bodies:
        if isinstance(body, Body) and isinstance(body.predicate, Expr):
            yield from inside(body)


def inside(node):
    """(object, field, index or None, child): a grandchild that can stand for a child."""
    for field in fields(node):
        held = getattr(node, field.name)
        if field.name in ("target", "element"):
            continue
        if isinstance(held, Expr):
            yield from ((node, field.name, None, child) for child in children(held))
            yield from inside(held)
        elif isinstance(held, (list, tuple)) and held and all(isinstance(one, Expr) for one in held):
            for index, one in enumerate(held):
                yield from ((node, field.name, index, child) for child in children(one))
                yield from inside(one)


def children(expr):
    if isinstance(expr, Text):
        return
    for field in fields(expr):
        held = getattr(expr, field.name)
        if isinstance(held, Expr):
            yield held
        elif isinstance(held, tuple):
            yield from (one for one in held if isinstance(one, Expr))
