// The sheet that is painted on: an ordinary canvas, as in a browser. Everything that changes tells which part.

import { type Canvas, createCanvas, GlobalFonts, loadImage, type SKRSContext2D } from "@napi-rs/canvas";
import type { framebuffer } from "eggos";

type Rectangle = framebuffer.Rectangle;

const EGG = `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="60" viewBox="0 0 48 60">
  <path d="M24 2 C38 2 46 26 46 38 C46 51 36 58 24 58 C12 58 2 51 2 38 C2 26 10 2 24 2 Z" fill="#fff4d6" stroke="#8a6d3b" stroke-width="3"/>
  <circle cx="18" cy="36" r="3" fill="#444"/><circle cx="32" cy="36" r="3" fill="#444"/>
</svg>`;

export const COLORS = ["#1b1b1b", "#d62839", "#f77f00", "#2a9d3f", "#1d6fdc", "#8338ec"] as const;
export const BAR_HEIGHT = 72;
const SWATCH = 44;
const SWATCHES_LEFT = 340;
const BRUSH_WIDTH = 6;

export class Sheet {
  readonly canvas: Canvas;
  readonly #context: SKRSContext2D;
  readonly #width: number;
  readonly #height: number;
  color: string = COLORS[0];
  #changed: Rectangle | undefined;

  constructor(width: number, height: number) {
    GlobalFonts.loadFontsFromDir("/usr/share/fonts");
    this.#width = width;
    this.#height = height;
    this.canvas = createCanvas(width, height);
    this.#context = this.canvas.getContext("2d");
  }

  /** Bar, text, a picture and a curve. */
  async begin(): Promise<void> {
    const context = this.#context;
    const sky = context.createLinearGradient(0, 0, this.#width, 0);
    sky.addColorStop(0, "#fbe3b3");
    sky.addColorStop(1, "#f2b872");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, this.#width, this.#height);
    context.fillStyle = sky;
    context.fillRect(0, 0, this.#width, BAR_HEIGHT);
    context.drawImage(await loadImage(Buffer.from(EGG)), 16, 6);
    context.fillStyle = "#3b2a14";
    context.font = "bold 32px DejaVu Sans";
    context.fillText("eggos paint", 80, 47);
    for (const [i, color] of COLORS.entries()) {
      context.fillStyle = color;
      context.beginPath();
      context.roundRect(SWATCHES_LEFT + i * (SWATCH + 12), 14, SWATCH, SWATCH, 10);
      context.fill();
    }
    context.font = "18px DejaVu Sans";
    context.fillStyle = "#666666";
    context.fillText("Paint with the mouse. C clears, Escape ends.", 24, this.#height - 24);
    this.#plot();
    this.#note({ x: 0, y: 0, width: this.#width, height: this.#height });
  }

  /** sin(x) / x, across the sheet. */
  #plot(): void {
    const context = this.#context;
    const middle = this.#height * 0.55;
    context.strokeStyle = "#9db4c0";
    context.lineWidth = 2;
    context.beginPath();
    for (let x = 0; x < this.#width; x += 4) {
      const angle = ((x - this.#width / 2) / this.#width) * 40;
      context.lineTo(x, middle - (angle === 0 ? 1 : Math.sin(angle) / angle) * this.#height * 0.35);
    }
    context.stroke();
  }

  /** A press of the button: a color is taken up, or painting begins. Whether it paints. */
  press(x: number, y: number): boolean {
    if (y >= BAR_HEIGHT) return true;
    const index = Math.floor((x - SWATCHES_LEFT) / (SWATCH + 12));
    this.color = COLORS[index] ?? this.color;
    return false;
  }

  /** A stroke of the brush; it does not go over the bar. */
  paint(fromX: number, fromY: number, toX: number, toY: number): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(0, BAR_HEIGHT, this.#width, this.#height - BAR_HEIGHT);
    context.clip();
    context.strokeStyle = this.color;
    context.lineWidth = BRUSH_WIDTH;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
    context.restore();
    const x = Math.min(fromX, toX) - BRUSH_WIDTH;
    const y = Math.min(fromY, toY) - BRUSH_WIDTH;
    const width = Math.abs(fromX - toX) + 2 * BRUSH_WIDTH;
    this.#note({ x, y, width, height: Math.abs(fromY - toY) + 2 * BRUSH_WIDTH });
  }

  /** This part of the screen is to be drawn again. */
  #note(part: Rectangle): void {
    this.#changed = this.#changed === undefined ? part : union(this.#changed, part);
  }

  /** What has changed since the last time, in whole pixels on the sheet. */
  takeChanged(): Rectangle | undefined {
    const part = this.#changed;
    this.#changed = undefined;
    return part && this.inside(part);
  }

  inside(part: Rectangle): Rectangle {
    const x = Math.max(0, Math.floor(part.x));
    const y = Math.max(0, Math.floor(part.y));
    const right = Math.min(this.#width, Math.ceil(part.x + part.width));
    const bottom = Math.min(this.#height, Math.ceil(part.y + part.height));
    return { x, y, width: Math.max(0, right - x), height: Math.max(0, bottom - y) };
  }

  /** RGBA pixels of a part. */
  pixels({ x, y, width, height }: Rectangle): Uint8ClampedArray {
    return this.#context.getImageData(x, y, width, height).data;
  }
}

function union(a: Rectangle, b: Rectangle): Rectangle {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const right = Math.max(a.x + a.width, b.x + b.width);
  return { x, y, width: right - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}
