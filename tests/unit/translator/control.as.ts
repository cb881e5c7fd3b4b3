// Control flow in every form the compiler writes.

export function fibonacci(n: i32): i32 {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
export function loops(n: i32): i32 {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let j = 0;
    while (true) {
      j++;
      if (j % 3 == 0) continue;
      if (j > i) break;
      if (i % 7 == 6) j += 2;
      if (sum > 5000) return -sum;
      sum += i * j;
    }
    do {
      sum -= j--;
    } while (j > 0);
  }
  return sum;
}
export function switches(n: i32): i32 {
  let result = 100;
  switch (n) {
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: falling through is what is tested
    case 0:
      result += 1;
    case 1:
      result += 2;
      break;
    case 2:
      return -2;
    case 3:
    case 4:
    case 5:
      result *= n;
      break;
    case 1000:
      result = 7;
      break;
    default:
      result = n ^ 0x55;
  }
  return result;
}
export function denseSwitch(n: i32): i32 {
  for (let i = 0; i < 4; i++) {
    switch ((n + i) & 7) {
      case 0:
        n += 11;
        break;
      case 1:
        n ^= 3;
        continue;
      case 2:
        n -= 5;
        break;
      case 3:
        n *= 3;
        break;
      case 4:
        return n;
      case 5:
        n = ~n;
        break;
      case 6:
        n <<= 1;
        break;
      case 7:
        n >>= 1;
        break;
    }
    n++;
  }
  return n;
}
function noisy(trail: StaticArray<i32>, value: i32): i32 {
  trail[0] = trail[0] * 31 + value;
  return value;
}
/** The order of evaluation, written down by side effects. */
export function order(a: i32, b: i32): i32 {
  const trail = new StaticArray<i32>(1);
  let x = noisy(trail, a) + noisy(trail, b) * trail[0];
  x += trail[0] + noisy(trail, x) - trail[0];
  trail[0] =
    trail[0] +
    noisy(trail, 3) +
    ((noisy(trail, a) > 2 && noisy(trail, b) < 3) || noisy(trail, 9) == 9 ? noisy(trail, 4) : trail[0]);
  // biome-ignore lint/suspicious/noAssignInExpressions: order of evaluation is what is tested
  let y = (x = x + 1) + (x = x * 2) - x;
  y += x++ + ++x;
  return y ^ trail[0] ^ noisy(trail, noisy(trail, y));
}
let counter = 0;
function bump(): i32 {
  counter += 7;
  return counter;
}
export function globals(n: i32): i32 {
  const before = counter;
  return before + bump() * counter + (counter - bump()) + n;
}
export function logic(a: i32, b: i32): i32 {
  const c = a > 3 && b < 5;
  const d = a > 3 || b < 5;
  const e = (a && b) + (a || b);
  return <i32>c + ((<i32>d) << 1) + e + (c == d ? 100 : 200) + (!(c && d) ? 1000 : 0);
}
export function ternaries(a: i32, b: i32): i32 {
  return a > b ? (a > 10 ? a - 10 : b > 0 ? b : -b) : a == b ? bump() : a < -10 ? noisy(new StaticArray<i32>(1), a) : 0;
}
export function infinite(n: i32): i32 {
  while (true) {
    if (n-- < 0) return n;
  }
}
export function unreachableTail(n: i32): i32 {
  if (n > 5) {
    return 1;
  } else {
    throw new Error("no");
  }
}
