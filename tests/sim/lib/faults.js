'use strict';

/*
 * Misbehaviour on request. A rule says when (`match`) and what (`do`); the first rule that matches
 * a request wins. README.md lists the words.
 */

const MATCH_WORDS = ['operation', 'path', 'method', 'contains', 'nth', 'every', 'probability',
  'times'];
const DO_WORDS = ['slow_ms', 'status', 'retry_after', 'html', 'truncate', 'close', 'after_effect',
  'throttled', 'carrier_error', 'results_null', 'set', 'headers', 'reply', 'drop'];

function check_words(object, words, name) {
  for (const key of Object.keys(object)) {
    if (!words.includes(key)) throw new Error(`unknown word "${key}" in ${name}`);
  }
}

class Faults {
  constructor(random) {
    this.random = random;
    this.rules = [];
    this.next_id = 1;
  }

  add(rule) {
    const match = rule.match || {};
    check_words(rule, ['id', 'match', 'do'], 'rule');
    check_words(match, MATCH_WORDS, 'match');
    if (!rule.do || typeof rule.do !== 'object') throw new Error('a rule needs "do"');
    check_words(rule.do, DO_WORDS, 'do');
    const kept = { id: String(rule.id || this.next_id++), match, do: rule.do, seen: 0, applied: 0 };
    this.rules = this.rules.filter((other) => other.id !== kept.id).concat(kept);
    return kept;
  }

  remove(id) {
    const before = this.rules.length;
    this.rules = this.rules.filter((rule) => rule.id !== id);
    return this.rules.length < before;
  }

  clear() {
    this.rules = [];
  }

  /* What to do to this request: {} when it is served as it should be. */
  take(request) {
    for (const rule of this.rules) {
      if (!fits(rule.match, request)) continue;
      rule.seen++;
      if (!this.due(rule)) continue;
      rule.applied++;
      return rule.do;
    }
    return {};
  }

  due(rule) {
    const match = rule.match;
    if (match.times !== undefined && rule.applied >= match.times) return false;
    if (match.nth !== undefined && ![].concat(match.nth).includes(rule.seen)) return false;
    if (match.every !== undefined && rule.seen % match.every !== 0) return false;
    return match.probability === undefined || this.random() < match.probability;
  }
}

function fits(match, request) {
  if (match.operation !== undefined && !request.operations.includes(match.operation)) return false;
  if (match.method !== undefined && match.method !== request.method) return false;
  if (match.path !== undefined && !request.path.includes(match.path)) return false;
  return match.contains === undefined || request.body.includes(match.contains);
}

module.exports = { Faults };
