/** What the doctor finds: one fact, and whether it is in order. */
import { messageOf, SeawallError } from "../../base/index.js";
import type { EvaluationConfig } from "../plan/config.js";

/** Settings of an evaluation, any of which may be left out. */
export type Settings = { readonly [S in keyof EvaluationConfig]?: EvaluationConfig[S] | undefined };

export interface Finding {
  readonly topic: "machine" | "engine" | "model" | "data" | "run";
  readonly name: string;
  /** `skip`: nothing wrong, but not available. */
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly detail: string;
  /** The settings that mend it, where the doctor knows them; null leaves a setting out. */
  readonly change?: SettingsChange;
}

export type SettingsChange = { readonly [S in keyof EvaluationConfig]?: EvaluationConfig[S] | null };

/** Collects the findings of one topic. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #topic: Finding["topic"];

  constructor(topic: Finding["topic"]) {
    this.#topic = topic;
  }

  add(status: Finding["status"], name: string, detail: string, change?: SettingsChange): void {
    this.list.push({ topic: this.#topic, name, status, detail, ...(change && { change }) });
  }

  /** Runs a part of an examination; what a user can mend becomes a finding and undefined is returned. */
  async attempt<T>(name: string, examine: () => Promise<T>): Promise<T | undefined> {
    try {
      return await examine();
    } catch (error) {
      if (!(error instanceof SeawallError)) throw error;
      this.add("fail", name, messageOf(error));
      return undefined;
    }
  }
}
