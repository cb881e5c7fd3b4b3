// The structures and numbers of evdev, in the order of abi.test.ts.

import * as abi from "../../../kernel/abi/input";
import { InputAbsInfo, InputEvent, InputId } from "../../../kernel/abi/input";
import * as codes from "../../../kernel/abi/input-codes";

const facts: Array<u64> = [] as u64[];

export function collect(): i32 {
  facts.push(abi.INPUT_EVENT_SIZE);
  facts.push(offsetof<InputEvent>("seconds"));
  facts.push(offsetof<InputEvent>("microseconds"));
  facts.push(offsetof<InputEvent>("type"));
  facts.push(offsetof<InputEvent>("code"));
  facts.push(offsetof<InputEvent>("value"));
  facts.push(abi.INPUT_ID_SIZE);
  facts.push(offsetof<InputId>("bus"));
  facts.push(offsetof<InputId>("vendor"));
  facts.push(offsetof<InputId>("product"));
  facts.push(offsetof<InputId>("version"));
  facts.push(abi.INPUT_ABSINFO_SIZE);
  facts.push(offsetof<InputAbsInfo>("value"));
  facts.push(offsetof<InputAbsInfo>("minimum"));
  facts.push(offsetof<InputAbsInfo>("maximum"));
  facts.push(offsetof<InputAbsInfo>("fuzz"));
  facts.push(offsetof<InputAbsInfo>("flat"));
  facts.push(offsetof<InputAbsInfo>("resolution"));
  facts.push(abi.INPUT_MASK_SIZE);
  facts.push(abi.EV_VERSION);
  facts.push(abi.EVIOCGVERSION);
  facts.push(abi.EVIOCGID);
  facts.push(abi.EVIOCGREP);
  facts.push(abi.EVIOCSREP);
  facts.push(abi.EVIOCGRAB);
  facts.push(abi.EVIOCREVOKE);
  facts.push(abi.EVIOCGMASK);
  facts.push(abi.EVIOCSMASK);
  facts.push(abi.EVIOCSCLOCKID);
  facts.push(abi.EVIOCGEFFECTS);
  facts.push(abi.NUMBER_NAME);
  facts.push(abi.NUMBER_PHYS);
  facts.push(abi.NUMBER_UNIQ);
  facts.push(abi.NUMBER_PROP);
  facts.push(abi.NUMBER_KEY);
  facts.push(abi.NUMBER_LED);
  facts.push(abi.NUMBER_SW);
  facts.push(abi.NUMBER_BIT_FIRST);
  facts.push(abi.NUMBER_ABS_FIRST);
  facts.push(abi.NUMBER_SET_ABS_FIRST);
  facts.push(codes.KEY_MAX);
  facts.push(codes.KEY_APOSTROPHE);
  facts.push(codes.KEY_GRAVE);
  facts.push(codes.KEY_BACKSLASH);
  facts.push(codes.KEY_SLASH);
  facts.push(codes.KEY_KP7);
  facts.push(codes.KEY_KPDOT);
  facts.push(codes.KEY_102ND);
  facts.push(codes.KEY_F12);
  facts.push(codes.KEY_KPENTER);
  facts.push(codes.KEY_SYSRQ);
  facts.push(codes.KEY_RIGHTALT);
  facts.push(codes.KEY_HOME);
  facts.push(codes.KEY_DELETE);
  facts.push(codes.KEY_PAUSE);
  facts.push(codes.KEY_KPCOMMA);
  facts.push(codes.KEY_COMPOSE);
  facts.push(codes.BTN_LEFT);
  facts.push(codes.BTN_EXTRA);
  facts.push(codes.BTN_TOUCH);
  facts.push(codes.REL_WHEEL);
  facts.push(codes.REL_HWHEEL);
  facts.push(codes.LED_SCROLLL);
  facts.push(codes.SYN_DROPPED);
  facts.push(codes.EV_REP);
  return facts.length;
}

export function fact(index: i32): u64 {
  return facts[index];
}
