import { useMutation, useQueryClient } from '@tanstack/react-query';

/**
 * Something done at a button: `const remove = useDeed(async () => {…}); remove.run(); remove.error; remove.isBusy`. All that is
 * on the screen is asked again after it. `given` is what it was last run with, until that has been asked again.
 */
export function useDeed<Given = void>(deed: (given: Given) => Promise<unknown>) {
  const client = useQueryClient();
  const { mutate, error, isPending, reset, variables } = useMutation<unknown, Error, Given>({
    mutationFn: deed,
    onSettled: () => client.invalidateQueries(),
  });
  return { run: mutate, error, isBusy: isPending, given: isPending ? variables : undefined, reset };
}
