// Types of the widget, for the checker alone: browsers never load this file.

interface Choice { title: string; payload: string }
interface Day { date: string; label: string; slots: { start: string; label: string; payload: string }[] }
interface Field { name: string; type: "email" | "tel" | "text" | "textarea"; label: string; autocomplete: string }
interface OfferedFile { name: string; url: string }
interface Card { title: string; text: string; standsFor: string; link: { title: string; url: string } | null; buttons: Choice[] }
type Author = "citizen" | "assistant" | "staff" | "system";

/** A message as the server tells it; `prev` is the number of the one before it. */
interface Message {
  seq: number; prev: number; id: string; author: Author; name: string; text: string; at: string;
  buttons: Choice[]; days: Day[]; field: Field | null; file: OfferedFile | null; cards: Card[];
  isCopy: boolean; isFactual: boolean;
}
type Progress = "sending" | "sent" | "failed";

/** A message as this tab shows it; `problem` says why it was refused. */
interface Entry extends Message { progress: Progress; problem: string }
interface State { owner: string; text: string }
interface Notice { version: string; text: string; url: string }
interface Unsent { id: string; text: string }
interface Preferences { size: number; contrast: boolean; theme: string; language: string }

type Language = "it" | "en";
type Texts = import("./texts.js").Texts;
type Panel = import("./panel.js").Panel;
type Child = string | Node | null | undefined | false;

interface Transport { send(frame: object): void; close(): void }
interface TransportListener { onOpen(): void; onFrame(frame: unknown): void; onClose(code: number): void }
type Status = "off" | "connecting" | "online" | "offline";

/** Whom a connection belongs to. */
interface Owner {
  secret(): string; after(): number; notice(): string;
  onFrame(frame: unknown): void; onStatus(status: Status): void;
}

/** What messages on their way need to know. */
interface ExchangeContext {
  panel(): Panel; texts(): Texts; greeting(): unknown; secret(): string; isOnline(): boolean; isShown(): boolean;
  send(frame: object): boolean; reconnect(): void; onUnread(count: number): void;
}

/** What the conversation needs from the window that shows it. */
interface Host {
  panel(): Panel; texts(): Texts; language(): string; isShown(): boolean;
  onUnread(count: number): void; onRefused(): void;
}

/** What every message element needs to know. */
interface Setting {
  texts: Texts; server: URL; isOnline(): boolean;
  onChoose(question: string): void; onRetry(entry: Entry): void; onReport(entry: Entry): void; onExport(): void;
}

interface PanelCallbacks {
  onSend(text: string): void; onTyping(): void; onEarlier(): void; onOptions(): void; onPerson(): void;
  onLeave(): void; onClose(): void; onSheetClosed(): void;
}
interface OptionActions {
  onBack(): void; onPerson(): void; onRestart(): void; onSave(): void; onRate(): void; onExport(): void;
  onErase(): void; onLeave(): void; onPreferences(changed: Partial<Preferences>): void;
}
interface WindowOptions { server: URL; isPage: boolean; heading: string; theme: string; language: Language }
