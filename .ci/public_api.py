"""Lists the public items of a crate, one a line and sorted, from the JSON of rustdoc.

usage: public_api.py FILE.json
"""

import json
import sys

document = json.load(open(sys.argv[1]))
index, paths = document["index"], document["paths"]
lines = set()


def of(item):
    """The kind of an item, and what is special about it."""
    return next(iter(item["inner"].items()))


def arguments(args):
    if not args:
        return ""
    kind, value = next(iter(args.items()))
    if kind == "parenthesized":
        output = f" -> {render(value['output'])}" if value["output"] else ""
        return f"({', '.join(map(render, value['inputs']))}){output}"
    parts = [argument(part) for part in value["args"]]
    for one in value["constraints"]:
        binding, what = next(iter(one["binding"].items()))
        equals = f" = {term(what)}" if binding == "equality" else f": {bounds(what)}"
        parts.append(one["name"] + arguments(one["args"]) + equals)
    return f"<{', '.join(parts)}>" if parts else ""


def argument(part):
    if part == "infer":
        return "_"
    kind, value = next(iter(part.items()))
    return {"lifetime": str, "type": render, "const": lambda const: const["expr"]}[kind](value)


def term(what):
    kind, value = next(iter(what.items()))
    return render(value) if kind == "type" else value["expr"]


def bounds(all_of):
    return " + ".join(map(bound, all_of))


def bound(one):
    kind, value = next(iter(one.items()))
    if kind == "outlives":
        return value
    if kind == "use":
        return f"use<{', '.join(next(iter(part.values())) for part in value)}>"
    optional = {"maybe": "?", "none": "", "maybe_const": ""}[value["modifier"]]
    return optional + forall(value["generic_params"]) + trait_path(value["trait"])


def trait_path(path):
    return path["path"].split("::")[-1] + arguments(path["args"])


def forall(params):
    return f"for<{', '.join(param['name'] for param in params)}> " if params else ""


def render(value):
    """A type as text. Paths are without modules."""
    if isinstance(value, str):
        return "_"
    kind, value = next(iter(value.items()))
    match kind:
        case "resolved_path":
            return trait_path(value)
        case "generic" | "primitive":
            return "!" if value == "never" else value
        case "tuple":
            return f"({', '.join(map(render, value))})"
        case "slice":
            return f"[{render(value)}]"
        case "array":
            return f"[{render(value['type'])}; {value['len']}]"
        case "borrowed_ref":
            lifetime = f"{value['lifetime']} " if value["lifetime"] else ""
            return f"&{lifetime}{'mut ' if value['is_mutable'] else ''}{render(value['type'])}"
        case "raw_pointer":
            return f"*{'mut' if value['is_mutable'] else 'const'} {render(value['type'])}"
        case "impl_trait":
            return f"impl {bounds(value)}"
        case "dyn_trait":
            traits = [forall(one["generic_params"]) + trait_path(one["trait"]) for one in value["traits"]]
            lifetime = [value["lifetime"]] if value["lifetime"] else []
            return f"dyn {' + '.join(traits + lifetime)}"
        case "qualified_path":
            name = value["name"] + arguments(value["args"])
            if not value["trait"] or not value["trait"]["path"]:
                return f"{render(value['self_type'])}::{name}"
            return f"<{render(value['self_type'])} as {trait_path(value['trait'])}>::{name}"
        case "function_pointer":
            return f"{forall(value['generic_params'])}fn{inputs(value['sig'], False)}"
    raise ValueError(f"unknown type {kind}")


def inputs(signature, named=True):
    parts = []
    for name, kind in signature["inputs"]:
        text = render(kind)
        short = {"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}
        parts.append(short.get(text, f"self: {text}") if named and name == "self" else text)
    output = f" -> {render(signature['output'])}" if signature["output"] else ""
    return f"({', '.join(parts)}){output}"


def generics(value):
    """The parameters, and the `where` clause."""
    params = []
    for param in value["params"]:
        kind, what = next(iter(param["kind"].items()))
        if kind == "lifetime":
            params.append(param["name"])
        elif kind == "const":
            default = f" = {what['default']}" if what["default"] else ""
            params.append(f"const {param['name']}: {render(what['type'])}{default}")
        elif not what["is_synthetic"]:
            limits = f": {bounds(what['bounds'])}" if what["bounds"] else ""
            default = f" = {render(what['default'])}" if what["default"] else ""
            params.append(param["name"] + limits + default)
    where = []
    for one in value["where_predicates"]:
        kind, what = next(iter(one.items()))
        if kind == "bound_predicate":
            where.append(f"{forall(what['generic_params'])}{render(what['type'])}: {bounds(what['bounds'])}")
        elif kind == "lifetime_predicate":
            where.append(f"{what['lifetime']}: {' + '.join(what['outlives'])}")
        else:
            where.append(f"{render(what['lhs'])} == {term(what['rhs'])}")
    return (f"<{', '.join(params)}>" if params else "", f" where {', '.join(where)}" if where else "")


def function(name, value):
    header = value["header"]
    words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
    params, where = generics(value["generics"])
    return " ".join([*words, f"fn {name}{params}{inputs(value['sig'])}{where}"])


def member(item):
    """An item of a trait or of an impl."""
    kind, value = of(item)
    name = item["name"]
    if kind == "function":
        return function(name, value)
    if kind == "assoc_const":
        return f"const {name}: {render(value['type'])}"
    params, where = generics(value["generics"])
    limits = f": {bounds(value['bounds'])}" if value["bounds"] else ""
    default = f" = {render(value['type'])}" if value["type"] else ""
    return f"type {name}{params}{limits}{default}{where}"


def hidden(item):
    return any("hidden" in str(attribute) for attribute in item["attrs"])


def items(ids):
    """The items with these ids that exist and are documented."""
    found = (index.get(str(one)) for one in ids)
    return [item for item in found if item and not hidden(item)]


def fields(where, ids):
    for field in items(ids):
        if field["visibility"] in ("public", "default"):
            lines.add(f"{where}.{field['name']}: {render(of(field)[1])}")


def impls(where, ids):
    for item in items(ids):
        value = of(item)[1]
        if value["blanket_impl"]:
            continue
        params, clause = generics(value["generics"])
        target = render(value["for"])
        if value["trait"]:
            name = trait_path(value["trait"])
            if not value["is_synthetic"] or name in ("Send", "Sync"):
                negative = "!" if value["is_negative"] else ""
                types = [member(one) for one in items(value["items"]) if of(one)[0] == "assoc_type"]
                types = f" {{ {'; '.join(sorted(types))} }}" if types else ""
                lines.add(f"{where}: impl{params} {negative}{name} for {target}{clause}{types}")
            continue
        for one in items(value["items"]):
            if one["visibility"] == "public":
                lines.add(f"{where}: impl{params} {target}{clause}: {member(one)}")


def walk(item, where):
    """Lists an item that is public at the path `where`."""
    kind, value = of(item)
    open_ended = "#[non_exhaustive] " if any("non_exhaustive" in str(one) for one in item["attrs"]) else ""
    if kind == "module":
        lines.add(f"{where}: mod")
        for child in items(value["items"]):
            if child["visibility"] != "public":
                continue
            if of(child)[0] == "use":
                use(of(child)[1], where)
            elif of(child)[0] != "macro" or child["name"]:
                walk(child, f"{where}::{child['name']}")
        return
    params, clause = generics(value["generics"]) if "generics" in value else ("", "")
    match kind:
        case "struct":
            shape, parts = next(iter(value["kind"].items())) if isinstance(value["kind"], dict) else ("unit", None)
            text = ""
            if shape == "tuple":
                public = [index.get(str(one)) if one is not None else None for one in parts]
                text = f"({', '.join(render(of(one)[1]) if one else '_' for one in public)})"
            lines.add(f"{where}: {open_ended}struct{params}{text}{clause}")
            if shape == "plain":
                private = " (and private fields)" if parts["has_stripped_fields"] else ""
                lines.add(f"{where}: fields{private}") if private else None
                fields(where, parts["fields"])
            impls(where, value["impls"])
        case "enum":
            lines.add(f"{where}: {open_ended}enum{params}{clause}")
            for variant in items(value["variants"]):
                variant_kind = of(variant)[1]["kind"]
                name = f"{where}::{variant['name']}"
                more = "#[non_exhaustive] " if any("non_exhaustive" in str(one) for one in variant["attrs"]) else ""
                text = ""
                if isinstance(variant_kind, dict):
                    shape, parts = next(iter(variant_kind.items()))
                    if shape == "tuple":
                        public = [index[str(one)] for one in parts if one is not None]
                        text = f"({', '.join(render(of(one)[1]) for one in public)})"
                    else:
                        fields(name, parts["fields"])
                lines.add(f"{name}: {more}variant{text}")
            impls(where, value["impls"])
        case "trait":
            limits = f": {bounds(value['bounds'])}" if value["bounds"] else ""
            lines.add(f"{where}: trait{params}{limits}{clause}")
            for one in items(value["items"]):
                provided = of(one)[0] == "function" and of(one)[1]["has_body"]
                lines.add(f"{where}: {'provided ' if provided else ''}{member(one)}")
        case "function":
            lines.add(f"{where}: {function('', value)}")
        case "type_alias":
            lines.add(f"{where}: type{params} = {render(value['type'])}{clause}")
        case "constant":
            lines.add(f"{where}: const {render(value['type'])}")
        case "static":
            lines.add(f"{where}: static {render(value['type'])}")
        case "macro" | "proc_macro":
            lines.add(f"{where}: macro")
        case _:
            raise ValueError(f"unknown item {kind}")


def use(value, where):
    target = index.get(str(value["id"]))
    if target is None:
        lines.add(f"{where}::{value['name']}: use {value['source']}")
    elif value["is_glob"]:
        children = of(target)[1].get("items", of(target)[1].get("variants"))
        for child in items(children):
            if of(child)[0] == "use":
                use(of(child)[1], where)
            elif child["visibility"] in ("public", "default"):
                walk(child, f"{where}::{child['name']}")
    elif not hidden(target):
        walk(target, f"{where}::{value['name']}")


root = index[str(document["root"])]
walk(root, root["name"])
print("\n".join(sorted(lines)))
