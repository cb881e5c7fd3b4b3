interface Reason {
  text: string;
}

export function fail(): never {
  const reason: Reason = { text: "on purpose" };
  throw new Error(reason.text);
}
