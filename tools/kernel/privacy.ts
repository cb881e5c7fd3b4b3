// An asc transform that makes `private` hold: asc 0.28 knows the word and lets everybody by. What the kernel keeps in private
// fields (where a device's registers are, how long a list really is) is what an untrusted module must not reach.

interface Source {
  readonly normalizedPath: string;
}
interface Element {
  readonly name: string;
  readonly flags: number;
  readonly parent: { readonly internalName: string };
  readonly declaration?: { readonly range: { readonly source: Source } };
}
interface PropertyAccess {
  readonly range: { readonly source: Source };
  readonly property: { readonly range: unknown };
}
type Lookup = (this: unknown, node: PropertyAccess, ...rest: unknown[]) => Element | null;
interface Program {
  readonly resolver: { lookupPropertyAccessExpression: Lookup };
  error(code: number, range: unknown, name: string, owner: string): void;
}

/** asc's CommonFlags and DiagnosticCode. */
const privateFlag = 1 << 9;
const privateCode = 2341;

/** `isBound` says which sources may use only their own private members. */
export function keepPrivate(isBound: (path: string) => boolean): new () => unknown {
  return class {
    afterInitialize(program: Program): void {
      const { resolver } = program;
      const lookup = resolver.lookupPropertyAccessExpression;
      resolver.lookupPropertyAccessExpression = function (node, ...rest) {
        const found = lookup.call(this, node, ...rest);
        if (!found || (found.flags & privateFlag) === 0 || !isBound(node.range.source.normalizedPath)) return found;
        const owner = found.declaration?.range.source.normalizedPath ?? "";
        if (isBound(owner)) return found;
        program.error(privateCode, node.property.range, found.name, found.parent.internalName);
        return null;
      };
    }
  };
}
