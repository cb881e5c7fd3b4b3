// A channel without a buffer: `send` waits until somebody receives, `receive` until somebody sends.

export class Channel<T> {
  private waitingSender: { value: T; resume: () => void } | null = null;
  private waitingReceiver: ((value: T) => void) | null = null;

  send(value: T): Promise<void> {
    const receiver = this.waitingReceiver;
    if (receiver) {
      this.waitingReceiver = null;
      receiver(value);
      return Promise.resolve();
    }
    return new Promise((resume) => {
      this.waitingSender = { value, resume };
    });
  }

  receive(): Promise<T> {
    const sender = this.waitingSender;
    if (sender) {
      this.waitingSender = null;
      sender.resume();
      return Promise.resolve(sender.value);
    }
    return new Promise((resume) => {
      this.waitingReceiver = resume;
    });
  }
}
