export async function writeReport(folder: string): Promise<void> {
  void folder;
}
