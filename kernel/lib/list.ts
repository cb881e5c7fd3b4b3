// An intrusive doubly linked list: the links live in the element, so queueing allocates nothing and removal is O(1).
//
// Rules of use: an element is on at most one list through its links; `remove` of an element that is on no list does
// nothing. Order is insertion order.

/** What can be queued. Subclasses add the payload. */
export class ListNode {
  list: List | null = null;
  next: ListNode | null = null;
  previous: ListNode | null = null;

  /** Whether the element is on a list. */
  get isLinked(): bool {
    return this.list !== null;
  }
}

export class List {
  first: ListNode | null = null;
  last: ListNode | null = null;
  length: i32 = 0;

  get isEmpty(): bool {
    return this.first === null;
  }

  /** Append. Precondition: `node` is on no list. */
  push(node: ListNode): void {
    assert(node.list === null, "a list node is queued twice");
    let last = this.last;
    node.list = this;
    node.previous = last;
    node.next = null;
    if (last !== null) last.next = node;
    else this.first = node;
    this.last = node;
    this.length++;
  }

  /** Prepend. Precondition: `node` is on no list. */
  unshift(node: ListNode): void {
    assert(node.list === null, "a list node is queued twice");
    let first = this.first;
    node.list = this;
    node.next = first;
    node.previous = null;
    if (first !== null) first.previous = node;
    else this.last = node;
    this.first = node;
    this.length++;
  }

  /** Take `node` off; nothing happens when it is not on this list. */
  remove(node: ListNode): void {
    if (node.list !== this) return;
    let next = node.next;
    let previous = node.previous;
    if (previous !== null) previous.next = next;
    else this.first = next;
    if (next !== null) next.previous = previous;
    else this.last = previous;
    node.next = null;
    node.previous = null;
    node.list = null;
    this.length--;
  }

  /** Take the first element off, or null when empty. */
  shift(): ListNode | null {
    let first = this.first;
    if (first !== null) this.remove(first);
    return first;
  }
}
