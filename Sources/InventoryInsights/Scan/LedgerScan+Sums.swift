internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Adding the picked rows of one block to the slots of their groups.
extension LedgerScan {
    mutating func add(
        _ segment: Int,
        pick: RowPick,
        saleRow: SaleRow?
    ) throws(Refusal) {
        for index in self.sets.indices {
            if self.plan.sets[index].cutsTime {
                try self.addByTime(index, segment: segment, pick: pick, saleRow: saleRow)
            } else {
                self.add(index, segment: segment, pick: pick, saleRow: saleRow, block: 0)
            }
        }
    }

    /// Returns the column of a sum.
    func column(of sum: Sum) -> LedgerColumn<Int64> {
        switch sum {
        case .soldUnits, .returnedUnits, .onHandChange: self.ledger.onHandDeltas
        case .gross, .returns, .lateCost: self.ledger.amounts
        case .cost, .valueChange: self.ledger.costs
        default: preconditionFailure("\(sum) is not of the ledger")
        }
    }

    /// Adds the rows of one block.
    mutating func add(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?,
        block: Int
    ) {
        let first = block * self.sets[index].width
        if self.sets[index].codes.isEmpty {
            for (at, sum) in self.plan.sums.enumerated() where sum.takes(saleRow) {
                self.sets[index].add(self.column(of: sum).sum(segment, pick), to: at, of: first)
            }
            self.sets[index].countRows(pick.count, of: first)
            self.countDistinct(index, segment: segment, pick: pick, saleRow: saleRow) { _ in first }
            return
        }
        if self.addGroups(index, segment: segment, pick: pick, saleRow: saleRow, first: first) {
            return
        }
        self.makeCodes(index, segment: segment, pick: pick)
        self.addSlots(index, segment: segment, pick: pick, saleRow: saleRow, first: first)
    }

    /// Adds a long run of rows by class, all sums of a row at once.
    ///
    /// - Returns: Whether it was done.
    private mutating func addGroups(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?,
        first: Int
    ) -> Bool {
        guard self.sets[index].isByClass, case .run(let run) = pick,
            run.count >= 4 * self.sets[index].width, self.sets[index].width <= GroupSpace.codesMax,
            self.plan.sums.count <= GroupSpace.sumsMax, !self.plan.countsProducts,
            !self.plan.countsTransactions, let classes = self.classes
        else { return false }
        let space = self.buffers.groups
        let sums = self.plan.sums
        space.begin(codes: classes.limit, sums: sums.count)
        self.ledger.products.addGroups(
            segment,
            pick,
            by: classes.map,
            of: self.columns(of: sums, saleRow),
            to: space
        )
        let values = space.values
        func row(_ row: Int) -> UnsafeBufferPointer<Int64> {
            let start = row * space.codeCount
            return UnsafeBufferPointer(rebasing: values[start..<(start + space.codeCount)])
        }
        self.sets[index].countRows(row(0), from: first) { _ in true }
        for at in sums.indices where sums[at].takes(saleRow) {
            self.sets[index].add(row(1 + at), to: at, from: first) { _ in true }
        }
        return true
    }

    /// Adds each picked row to its slot, relative to `first`.
    mutating func addSlots(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?,
        first: Int
    ) {
        let slots = self.buffers.slots
        var isMarked = false
        for (at, sum) in self.plan.sums.enumerated() where sum.takes(saleRow) {
            let column = self.column(of: sum)
            self.sets[index].withTotals(at) { totals, seen in
                column.add(segment, pick, slots: slots, to: totals + first, marking: seen + first)
            }
            isMarked = true
        }
        if !isMarked || self.sets[index].countsRows {
            self.sets[index].countRows(
                UnsafeBufferPointer(start: slots, count: pick.count),
                from: first
            )
        }
        self.countDistinct(index, segment: segment, pick: pick, saleRow: saleRow) {
            first + Int(slots[$0])
        }
    }

    func makeCodes(_ index: Int, segment: Int, pick: RowPick) {
        let slots = self.buffers.slots
        var isFirst = true
        for code in self.sets[index].codes {
            let multiplier = isFirst ? 0 : UInt32(code.count)
            isFirst = false
            switch code.part {
            case .product:
                self.ledger.products.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            case .productClass:
                guard let classes = self.classes else {
                    preconditionFailure("no classes for groups by them")
                }
                self.ledger.products.appendCodes(
                    segment,
                    pick,
                    multiplier: multiplier,
                    map: classes.map,
                    to: slots
                )
            case .location:
                self.ledger.locations.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            case .reason:
                self.ledger.reasons.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            case .kind:
                self.ledger.kinds.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            }
        }
    }

    // MARK: - Distinct values

    private mutating func countDistinct(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?,
        slot: (Int) -> Int
    ) {
        let first = segment << SegmentSize.shift
        if self.plan.countsProducts {
            for at in 0..<pick.count {
                let product = self.ledger.products[first + pick.offset(at)]
                self.sets[index].products.insert(UInt64(product), slot(at))
            }
        }
        guard saleRow == .sold, var receipts = self.receipts else { return }
        // Moved out, so that it is never copied.
        self.receipts = nil
        for at in 0..<pick.count {
            let row = first + pick.offset(at)
            guard self.ledger.kinds[row] == MovementKind.sale.rawValue,
                let receipt = receipts.receipt(row, self.ledger)
            else { continue }
            self.sets[index].transactions.insert(receipt.number, other: receipt.day, slot: slot(at))
        }
        self.receipts = receipts
    }
}

extension Sum {
    /// Whether it includes such rows of sales; not applicable to rows of other sources.
    func takes(_ saleRow: SaleRow?) -> Bool {
        switch self {
        case .soldUnits, .gross: saleRow == .sold
        case .returnedUnits, .returns: saleRow == .returned
        case .cost: saleRow != .lateCost
        case .lateCost: saleRow == .lateCost
        default: true
        }
    }

    /// The sign with which it includes its column of the ledger.
    var sign: Int128 {
        switch self {
        case .soldUnits, .returns, .cost: -1
        default: 1
        }
    }
}

extension RowPick {
    func offset(_ index: Int) -> Int {
        switch self {
        case .run(let run): run.lowerBound + index
        case .list(let list): Int(list[index])
        }
    }

    /// Returns a part of the picked rows, by their positions among them.
    func part(_ range: Range<Int>) -> RowPick {
        switch self {
        case .run(let run):
            .run((run.lowerBound + range.lowerBound)..<(run.lowerBound + range.upperBound))
        case .list(let list): .list(UnsafeBufferPointer(rebasing: list[range]))
        }
    }
}
