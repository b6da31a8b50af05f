import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';

/** What a person does in the Temporal UI (2.42), in a real browser. */
export class TemporalUi {
  readonly page: Page;
  readonly #pictures: string;

  /** @param pictures folder for screenshots */
  constructor(page: Page, pictures: string) {
    this.page = page;
    this.#pictures = pictures;
    mkdirSync(pictures, { recursive: true });
  }

  /**
   * Opens the form by a deep link, fills in id and input, leaves everything else as the form has it, and starts.
   * @returns the input that the form was filled in with: that of the newest run
   */
  async start(link: string, workflowId: string, input: unknown): Promise<string> {
    const { page } = this;
    const filledIn = page.waitForResponse((response) => response.url().includes('/workflows?query='));
    await page.goto(link);
    await filledIn;
    const id = page.getByTestId('workflowId');
    await page.getByText('Task Queue is Active').waitFor();
    const editor = page.locator('.cm-content').first();
    // The form is filled in a moment after the answer is there, and then would overwrite what was typed.
    await sleep(700);
    const before = await editor.innerText();
    await id.fill(workflowId);
    await this.#type(editor, JSON.stringify(input));
    // The editor lays its text out anew when it is left: a button that moves under the mouse is not pressed.
    await id.focus();
    await sleep(300);
    await page.getByRole('button', { name: 'Start Workflow' }).last().click();
    await page.getByText('Workflow started successfully').waitFor();
    return before.trim();
  }

  /** Opens a workflow's page, or looks at it anew. */
  async open(link: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByTestId('history-tab').waitFor();
  }

  /** What a tab shows, as text. */
  async tab(name: 'history' | 'relationships' | 'pending-activities' | 'search-attributes'): Promise<string> {
    await this.page.getByTestId(`${name}-tab`).click();
    await this.page.waitForURL(new RegExp(`/${name}`));
    await sleep(300);
    return textOf(this.page.locator('#content-wrapper, main').first());
  }

  /** Input and result on the workflow's page. */
  async result(): Promise<string> {
    await this.page.getByTestId('history-tab').click();
    return textOf(this.page.getByTestId('input-and-result'));
  }

  /** Current Details, rendered, as text: as they are now, the UI asks for them once a page. */
  async currentDetails(): Promise<string> {
    await this.page.reload();
    const body = await this.#details();
    return textOf(body);
  }

  /** The texts that Current Details offer for pasting. */
  async toPaste(): Promise<readonly string[]> {
    const body = await this.#details();
    return body.locator('pre').allInnerTexts();
  }

  /** Follows a link in Current Details, which opens a page of its own. @returns its address */
  async follow(name: string): Promise<string> {
    const body = await this.#details();
    const [opened] = await Promise.all([
      this.page.waitForEvent('popup'),
      body.getByRole('link', { name, exact: true }).click(),
    ]);
    await opened.waitForLoadState();
    const url = opened.url();
    await opened.close();
    return url;
  }

  /** More Actions, Send an Update, `decide`. @returns undefined when it was taken, else what the dialog says; that is kept as a picture */
  async decide(data: string, picture?: string): Promise<string | undefined> {
    const { page } = this;
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByTestId('update-button').filter({ visible: true }).click();
    const dialog = page.getByTestId('update-confirmation-modal').filter({ visible: true });
    await dialog.getByTestId('update-select-button').click();
    await dialog.getByRole('option', { name: /^decide/ }).click();
    await this.#type(dialog.locator('.cm-content'), data);
    await dialog.getByTestId('update-id').focus();
    await sleep(300);
    await dialog.getByTestId('confirm-modal-button').click();
    const alert = dialog.getByRole('alert').filter({ visible: true });
    await Promise.race([dialog.waitFor({ state: 'hidden' }), alert.waitFor()]);
    if (!(await dialog.isVisible())) return undefined;
    const said = await textOf(alert);
    if (picture !== undefined) await this.picture(picture);
    await dialog.getByRole('button', { name: 'Cancel' }).last().click();
    await dialog.waitFor({ state: 'hidden' });
    return said;
  }

  /** Keeps what the page shows as a picture. @returns its size in bytes */
  async picture(name: string): Promise<number> {
    const image = await this.page.screenshot({ path: join(this.#pictures, `${name}.png`) });
    return image.length;
  }

  async #details(): Promise<Locator> {
    await this.page.getByTestId('user-metadata-tab').click();
    const body = this.page.frameLocator('iframe').last().locator('main');
    await body.waitFor();
    return body;
  }

  async #type(editor: Locator, text: string): Promise<void> {
    await editor.click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(text);
  }
}

/** Text as it is read: a space that may not be wrapped at is a space, an apostrophe is one. */
async function textOf(locator: Locator): Promise<string> {
  const text = await locator.innerText();
  return text.replaceAll('\u00A0', ' ').replaceAll('’', "'");
}
