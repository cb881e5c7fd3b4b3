// Dead keys: an accent typed before its letter becomes one character with it (the Unicode Character Database's canonical
// compositions of Latin letters). The accent and a space, or the accent twice, give the accent by itself.

class DeadKey {
  constructor(
    /** The combining character that stands for the key. */
    readonly accent: u32,
    readonly withSpace: string,
    readonly twice: string,
    readonly letters: string,
    /** What each of them becomes. */
    readonly composed: string,
  ) {}
}

const deadKeys: StaticArray<DeadKey> = [
  new DeadKey(0x0300, "`", "`", "AEINOUWYaeinouwyÂÊÔÜâêôüĂăĒēŌō", "ÀÈÌǸÒÙẀỲàèìǹòùẁỳẦỀỒǛầềồǜẰằḔḕṐṑ"), // grave
  new DeadKey(
    0x0301,
    "'",
    "´",
    "ACEGIKLMNOPRSUWYZacegiklmnoprsuwyzÂÅÆÇÊÏÔÕØÜâåæçêïôõøüĂăĒēŌōŨũ",
    "ÁĆÉǴÍḰĹḾŃÓṔŔŚÚẂÝŹáćéǵíḱĺḿńóṕŕśúẃýźẤǺǼḈẾḮỐṌǾǗấǻǽḉếḯốṍǿǘẮắḖḗṒṓṸṹ",
  ), // acute
  new DeadKey(0x0302, "^", "^", "ACEGHIJOSUWYZaceghijosuwyz", "ÂĈÊĜĤÎĴÔŜÛŴŶẐâĉêĝĥîĵôŝûŵŷẑ"), // circumflex
  new DeadKey(0x0303, "~", "~", "AEINOUVYaeinouvyÂÊÔâêôĂă", "ÃẼĨÑÕŨṼỸãẽĩñõũṽỹẪỄỖẫễỗẴẵ"), // tilde
  new DeadKey(0x0304, "¯", "¯", "AEGIOUYaegiouyÄÆÕÖÜäæõöü", "ĀĒḠĪŌŪȲāēḡīōūȳǞǢȬȪǕǟǣȭȫǖ"), // macron
  new DeadKey(0x0306, "˘", "˘", "AEGIOUaegiou", "ĂĔĞĬŎŬăĕğĭŏŭ"), // breve
  new DeadKey(
    0x0307,
    "˙",
    "˙",
    "ABCDEFGHIMNOPRSTWXYZabcdefghmnoprstwxyzŚśŠšſ",
    "ȦḂĊḊĖḞĠḢİṀṄȮṖṘṠṪẆẊẎŻȧḃċḋėḟġḣṁṅȯṗṙṡṫẇẋẏżṤṥṦṧẛ",
  ), // dot above
  new DeadKey(0x0308, '"', "¨", "AEHIOUWXYaehiotuwxyÕõŪū", "ÄËḦÏÖÜẄẌŸäëḧïöẗüẅẍÿṎṏṺṻ"), // diaeresis
  new DeadKey(0x0309, "", "", "AEIOUYaeiouyÂÊÔâêôĂă", "ẢẺỈỎỦỶảẻỉỏủỷẨỂỔẩểổẲẳ"), // hook above
  new DeadKey(0x030a, "°", "°", "AUauwy", "ÅŮåůẘẙ"), // ring above
  new DeadKey(0x030b, "˝", "˝", "OUou", "ŐŰőű"), // double acute
  new DeadKey(0x030c, "ˇ", "ˇ", "ACDEGHIKLNORSTUZacdeghijklnorstuzÜü", "ǍČĎĚǦȞǏǨĽŇǑŘŠŤǓŽǎčďěǧȟǐǰǩľňǒřšťǔžǙǚ"), // caron
  new DeadKey(0x031b, "", "", "OUouÒÓÕÙÚòóõùúŨũ", "ƠƯơưỜỚỠỪỨờớỡừứỮữ"), // horn
  new DeadKey(
    0x0323,
    "",
    "",
    "ABDEHIKLMNORSTUVWYZabdehiklmnorstuvwyzÂÊÔâêôĂă",
    "ẠḄḌẸḤỊḲḶṂṆỌṚṢṬỤṾẈỴẒạḅḍẹḥịḳḷṃṇọṛṣṭụṿẉỵẓẬỆỘậệộẶặ",
  ), // dot below
  new DeadKey(0x0327, "¸", "¸", "CDEGHKLNRSTcdeghklnrstĆćĔĕ", "ÇḐȨĢḨĶĻŅŖŞŢçḑȩģḩķļņŗşţḈḉḜḝ"), // cedilla
  new DeadKey(0x0328, "˛", "˛", "AEIOUaeiouŌō", "ĄĘĮǪŲąęįǫųǬǭ"), // ogonek
  new DeadKey(0x0331, "", "", "BDKLNRTZbdhklnrtz", "ḆḎḴḺṈṞṮẔḇḏẖḵḻṉṟṯẕ"), // macron below
];

const SPACE: u32 = 0x20;
/** Combining diacritical marks: the Unicode block. */
const FIRST_ACCENT: u32 = 0x300;
const LAST_ACCENT: u32 = 0x36f;

/** Whether a layout's character is a dead key. */
export function isDead(character: u32): bool {
  return character >= FIRST_ACCENT && character <= LAST_ACCENT;
}

/** The one character that a dead key and what was typed after it make; 0 when they make none. */
export function compose(accent: u32, character: u32): u32 {
  for (let i = 0; i < deadKeys.length; i++) {
    let key = deadKeys[i];
    if (key.accent != accent) continue;
    if (character == SPACE) return first(key.withSpace);
    if (character == accent) return first(key.twice);
    for (let j = 0; j < key.letters.length; j++) {
      if (<u32>key.letters.charCodeAt(j) == character) return <u32>key.composed.charCodeAt(j);
    }
    return 0;
  }
  return 0;
}

/** The accent by itself; 0 when Unicode has no such character. */
export function spacing(accent: u32): u32 {
  for (let i = 0; i < deadKeys.length; i++) if (deadKeys[i].accent == accent) return first(deadKeys[i].twice);
  return 0;
}

function first(text: string): u32 {
  return text.length > 0 ? <u32>text.charCodeAt(0) : 0;
}
